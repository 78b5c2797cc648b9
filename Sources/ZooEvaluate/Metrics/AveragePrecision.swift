import CZooKernels

/// Average precision: the area under the precision-recall curve, step-wise and with equal scores as one step (scikit-learn's
/// `average_precision_score`). 0 if no label is true.
///
/// - Precondition: `scores` and `labels` (1 for what should be found, otherwise 0) have the same count.
package func averagePrecision(_ scores: [Float], labels: [UInt8]) -> Double {
  precondition(scores.count == labels.count, "each score has a label")
  let result = zoo_average_precision(scores, labels, scores.count)
  precondition(result >= 0, "there is memory to sort the scores")
  return result
}

extension Mask {
  /// Average precision of a map's values as scores for the object.
  package func averagePrecision(of map: [Float]) -> Double { precision(of: map, bothChannels: false) }

  /// Average precision over two channels, `1 - map` for the background and `map` for the object, as in the script that produced the usual published
  /// tables (Chefer et al.). It is much higher than that of the object alone, as correctly dark pixels count too.
  package func twoChannelAveragePrecision(of map: [Float]) -> Double { precision(of: map, bothChannels: true) }

  private func precision(of map: [Float], bothChannels: Bool) -> Double {
    precondition(map.count == values.count, "map and mask have one size")
    let result = zoo_map_precision(map, values, map.count, bothChannels ? 1 : 0)
    precondition(result >= 0, "there is memory to sort the scores")
    return result
  }
}
