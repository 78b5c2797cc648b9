import ZooImages

/// A way to measure maps on a data set: samples in a stable order, what is measured on each, and how rows become figures.
///
/// Rows are numbers that add up, so that a run can be stopped, resumed, split into shards and merged again.
package protocol EvaluationProtocol: Sendable {
  /// What `load` reads for a sample: the picture, and what is known about it.
  associatedtype Sample: Sendable

  /// The name on the command line, such as `segmentation`.
  static var name: String { get }
  /// Names of the values in a row, in order.
  static var columns: [String] { get }
  /// The figures that a table shows, in order.
  static var figures: [Figure] { get }
  /// The figures for rows that were added up for each class, in the order of `figures`.
  static func figures(of sums: [ClassSum]) -> [Double]
  /// The criterion for worst and best cases, in words.
  static var meritName: String { get }
  /// How good a row is, at most 1 and usually at least 0; nil if it says nothing.
  static func merit(of row: [Double]) -> Double?

  /// Names of all classes; rows refer to them by index.
  var classes: [String] { get }
  /// An id for each sample, in data set order.
  var samples: [String] { get }
  /// Each convention that the protocol leaves open, with the choice made.
  var choices: [Choice] { get }
  /// Whether the classes are ImageNet's 1000, in the order of their ids.
  var hasImageNetsClasses: Bool { get }

  /// Reads a sample; called on any thread.
  func load(_ index: Int, by loader: PictureLoader) throws -> Sample
  /// Measures samples with each of the desk's explainers, `[samples][ways][rows]`; their pictures share passes. The rows of a sample do not depend on
  /// the others.
  func measure(_ samples: [Sample], at desk: EvaluationDesk) throws -> [[[MeasuredRow]]]
  /// What a report draws for a sample.
  func shown(_ sample: Sample, at desk: EvaluationDesk) throws -> ShownSample
}

extension EvaluationProtocol {
  package var hasImageNetsClasses: Bool { false }
}

/// A column of numbers in a table.
public struct Figure: Sendable, Hashable, Codable {
  /// The column's heading.
  public let name: String
  /// Whether higher values are better.
  public let isBetterHigh: Bool

  init(_ name: String, isBetterHigh: Bool = true) { (self.name, self.isBetterHigh) = (name, isBetterHigh) }
}

/// A convention that papers leave open, and the choice made.
package struct Choice: Sendable, Hashable, Codable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

/// The result of one explainer for one question about a sample.
package struct MeasuredRow: Sendable, Hashable {
  /// The index of the class in the protocol's list.
  package let label: Int
  /// In the order of the protocol's columns.
  package let values: [Double]

  package init(label: Int, values: [Double]) { (self.label, self.values) = (label, values) }
}

/// The sum of the rows of one class.
package struct ClassSum: Sendable, Hashable {
  package let label: Int
  /// The number of rows.
  package private(set) var rows: Double
  package private(set) var values: [Double]

  init(label: Int, rows: Double, values: [Double]) { (self.label, self.rows, self.values) = (label, rows, values) }
}

extension [ClassSum] {
  /// The sum over all classes.
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

/// The quotient, or 0 if the divisor is 0.
func ratio(_ part: Double, _ whole: Double) -> Double { whole == 0 ? 0 : part / whole }
