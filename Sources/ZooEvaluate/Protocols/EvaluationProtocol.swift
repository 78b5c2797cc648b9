import ZooImages

/// A way to measure maps on a data set: samples in a stable order, what is measured on each, and how rows become figures.
///
/// Rows are numbers that add up, so that a run can be stopped, resumed, cut into shards and put together again.
package protocol EvaluationProtocol: Sendable {
  /// What `load` reads of a sample: the picture, and what is known of it.
  associatedtype Sample: Sendable

  /// As on the command line: `segmentation`.
  static var name: String { get }
  /// What a row's values are, in their order.
  static var columns: [String] { get }
  /// What a table shows, in this order.
  static var figures: [Figure] { get }
  /// The figures of rows that were added up for each class, in the order of `figures`.
  static func figures(of sums: [ClassSum]) -> [Double]
  /// What tells worst cases from best ones, in words.
  static var meritName: String { get }
  /// How good a row is, 0 to 1 or less; nil where it says nothing.
  static func merit(of row: [Double]) -> Double?

  /// Names of all that is asked for; rows name them by their places.
  var classes: [String] { get }
  /// An id for each sample, in the order of the data set.
  var samples: [String] { get }
  /// Each convention that the protocol leaves open, with what was chosen.
  var choices: [Choice] { get }
  /// The classes are ImageNet's 1000, in the order of their ids.
  var hasImageNetsClasses: Bool { get }

  /// Reads a sample; called on any thread.
  func load(_ index: Int, by loader: PictureLoader) throws -> Sample
  /// Measures samples in each of the desk's ways, `[samples][ways][rows]`; their pictures share passes. A sample's rows do not depend on
  /// the others.
  func measure(_ samples: [Sample], at desk: EvaluationDesk) throws -> [[[MeasuredRow]]]
  /// What a report draws of a sample.
  func shown(_ sample: Sample, at desk: EvaluationDesk) throws -> ShownSample
}

extension EvaluationProtocol {
  package var hasImageNetsClasses: Bool { false }
}

/// A number of a table.
public struct Figure: Sendable, Hashable, Codable {
  /// The column's heading.
  public let name: String
  /// False where less is better.
  public let isBetterHigh: Bool

  init(_ name: String, isBetterHigh: Bool = true) { (self.name, self.isBetterHigh) = (name, isBetterHigh) }
}

/// A convention that papers leave open, and what was chosen.
package struct Choice: Sendable, Hashable, Codable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

/// What one way to explain gave for one question about a sample.
package struct MeasuredRow: Sendable, Hashable {
  /// The place of the class in the protocol's list.
  package let label: Int
  /// In the order of the protocol's columns.
  package let values: [Double]

  package init(label: Int, values: [Double]) { (self.label, self.values) = (label, values) }
}

/// Rows of one class, added up.
package struct ClassSum: Sendable, Hashable {
  package let label: Int
  /// How many rows.
  package private(set) var rows: Double
  package private(set) var values: [Double]

  init(label: Int, rows: Double, values: [Double]) { (self.label, self.rows, self.values) = (label, rows, values) }
}

extension [ClassSum] {
  /// All classes together.
  var total: ClassSum {
    var result = ClassSum(label: -1, rows: 0, values: [Double](repeating: 0, count: first?.values.count ?? 0))
    for sum in self { result.merge(sum) }
    return result
  }
}

extension ClassSum {
  fileprivate mutating func merge(_ other: ClassSum) {
    rows += other.rows
    for index in values.indices { values[index] += other.values[index] }
  }
}

/// 0 where there is nothing to divide by.
func ratio(_ part: Double, _ whole: Double) -> Double { whole == 0 ? 0 : part / whole }
