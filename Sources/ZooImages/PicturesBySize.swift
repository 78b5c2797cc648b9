extension [PixelTensor] {
  /// Processes the pictures of each size together, passing their places; results are in the order of the pictures.
  package func bySize<Result>(_ work: ([PixelTensor], _ places: [Int]) throws -> [Result]) rethrows -> [Result] {
    let sizes = Dictionary(grouping: indices) { [self[$0].height, self[$0].width] }
    if sizes.count == 1 { return try work(self, [Int](indices)) }
    var results: [Int: Result] = [:]
    for places in sizes.values {
      for (place, result) in zip(places, try work(places.map { self[$0] }, places)) { results[place] = result }
    }
    return indices.compactMap { results[$0] }
  }
}
