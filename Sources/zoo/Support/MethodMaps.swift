import ZooExplain

/// What one method says of a picture.
struct MethodMaps {
  let method: HeatmapMethod
  /// One for each prompt.
  let maps: [Heatmap]
}
