import ZooExplain

/// The maps of one method for a picture.
struct MethodMaps {
  let method: HeatmapMethod
  /// One for each prompt.
  let maps: [Heatmap]
}
