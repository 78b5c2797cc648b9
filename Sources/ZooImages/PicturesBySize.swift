extension [PixelTensor] {
  /// Works on the pictures of each size together; results are in the order of the pictures.
  public func bySize<Result>(_ work: ([PixelTensor]) throws -> [Result]) rethrows -> [Result] {
    let sizes = Dictionary(grouping: indices) { [self[$0].height, self[$0].width] }
    if sizes.count == 1 { return try work(self) }
    var results: [Int: Result] = [:]
    for places in sizes.values {
      for (place, result) in zip(places, try work(places.map { self[$0] })) { results[place] = result }
    }
    return indices.compactMap { results[$0] }
  }
}
