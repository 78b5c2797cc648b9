import CZooKernels

/// The pointing game: does a map's maximum lie on the thing?
package struct Pointing: Sendable, Hashable {
  /// The first maximum, row by row.
  package let row: Int
  package let column: Int
  /// Pixels from the maximum to the nearest pixel of the thing, as the crow flies; 0 on it.
  package let distance: Double
  /// The smallest chessboard distance to the thing: the larger of the rows and the columns between. 0 on it.
  package let chessboardDistance: Int
  /// True where any place with the maximum's value lies on the thing: the rule of the Quantus package.
  package let anyMaximumHits: Bool

  /// Nil where the mask shows nothing: there is nothing to point at.
  ///
  /// - Precondition: map and mask have one size.
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

  /// Does the maximum lie on the thing?
  package var hits: Bool { distance == 0 }
}
