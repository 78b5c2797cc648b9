/// What a run found for one sample: a line of its rows.
public struct SampleResult: RunLine, Hashable {
  /// The sample's place in the data set.
  public let index: Int
  public let sample: String
  /// In the order of the settings' methods; empty where it could not be measured.
  public let results: [Row]
  /// Why it could not be measured.
  public let error: String?

  public struct Row: Codable, Sendable, Hashable {
    /// The place of the method in the settings.
    public let method: Int
    /// The class's name.
    public let name: String
    /// Its place in the protocol's list.
    public let label: Int
    /// By column.
    public let values: [String: Double]

    private enum CodingKeys: String, CodingKey {
      case method, label, values
      case name = "class"
    }
  }

  init<P: EvaluationProtocol>(_ index: Int, of protocol: P, _ measured: [[MeasuredRow]]) {
    (self.index, sample, error) = (index, `protocol`.samples[index], nil)
    results = measured.enumerated().flatMap { method, rows in
      rows.map { row in
        Row(
          method: method, name: `protocol`.classes[row.label], label: row.label,
          values: Dictionary(uniqueKeysWithValues: zip(P.columns, row.values)))
      }
    }
  }

  init(_ index: Int, sample: String, error: String) {
    (self.index, self.sample, self.error, results) = (index, sample, error, [])
  }
}
