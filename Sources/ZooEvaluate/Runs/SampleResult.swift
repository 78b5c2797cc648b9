import Foundation

/// The result of a run for one sample: a line in its file.
package struct SampleResult: RunLine, Hashable {
  /// The sample's index in the data set.
  package let index: Int
  package let sample: String
  /// In the order of the settings' methods; empty if it could not be measured.
  package let results: [Row]
  /// Why it could not be measured.
  package let error: String?

  package struct Row: Sendable, Hashable {
    /// The index of the method in the settings.
    package let method: Int
    /// The class's name.
    package let name: String
    /// The index in the protocol's list.
    package let label: Int
    /// In the order of the run's columns; in JSON, keyed by the column's name.
    package let values: [Double]
  }

  init<P: EvaluationProtocol>(_ index: Int, of protocol: P, _ measured: [[MeasuredRow]]) {
    (self.index, sample, error) = (index, `protocol`.samples[index], nil)
    results = measured.enumerated().flatMap { method, rows in
      rows.map { row in
        Row(method: method, name: `protocol`.classes[row.label], label: row.label, values: row.values)
      }
    }
  }

  init(_ index: Int, sample: String, error: String) {
    (self.index, self.sample, self.error, results) = (index, sample, error, [])
  }
}

extension SampleResult.Row: Codable {
  /// Passes the names of a run's columns to coders. Rows with their own names would take several times the memory.
  static let columnsKey = CodingUserInfoKey(rawValue: "columns")

  private enum CodingKeys: String, CodingKey {
    case method, label, values
    case name = "class"
  }

  private struct Column: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private static func columns(_ information: [CodingUserInfoKey: Any]) -> [Column] {
    (columnsKey.flatMap { information[$0] as? [String] } ?? []).map(Column.init)
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let cells = try fields.nestedContainer(keyedBy: Column.self, forKey: .values)
    method = try fields.decode(Int.self, forKey: .method)
    name = try fields.decode(String.self, forKey: .name)
    label = try fields.decode(Int.self, forKey: .label)
    values = try Self.columns(decoder.userInfo).map { try cells.decode(Double.self, forKey: $0) }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(method, forKey: .method)
    try fields.encode(name, forKey: .name)
    try fields.encode(label, forKey: .label)
    var cells = fields.nestedContainer(keyedBy: Column.self, forKey: .values)
    for (column, value) in zip(Self.columns(encoder.userInfo), values) { try cells.encode(value, forKey: column) }
  }
}
