import CZooKernels

/// The pointing game: is a map's maximum on the object?
package struct Pointing: Sendable, Hashable {
  /// The row of the first maximum, in row-major order.
  package let row: Int
  package let column: Int
  /// The Euclidean distance in pixels from the maximum to the nearest pixel of the object; 0 on it.
  package let distance: Double
  /// The smallest chessboard distance to the object: the larger of the differences in rows and columns. 0 on it.
  package let chessboardDistance: Int
  /// Whether any maximum is on the object: the rule of the Quantus package.
  package let anyMaximumHits: Bool

  /// Nil if the mask is empty: there is nothing to point at.
  ///
  /// - Precondition: The map and the mask have the same size.
  package init?(map: [Float], mask: Mask) {
    precondition(map.count == mask.values.count, "map and mask have one size")
    guard let highest = map.max(), let peak = map.firstIndex(of: highest) else { return nil }
    row = peak / mask.width
    column = peak % mask.width
    var squared = 0, chessboard = 0
    zoo_nearest_thing(mask.values, mask.height, mask.width, row, column, &squared, &chessboard)
    guard squared < Int.max else { return nil }
    distance = Double(squared).squareRoot()
    chessboardDistance = chessboard
    let places = map.indices.lazy.filter { map[$0] == highest }
    anyMaximumHits = places.contains { mask.values[$0] > 0 }
  }

  /// Whether the maximum is on the object.
  package var hits: Bool { distance == 0 }
}
