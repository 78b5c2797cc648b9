import Foundation
import ZooConvert
import ZooTensors

/// The output of `zoo convert --against`: a table of differences, or all tensors as JSON. Fields are only ever added.
struct ComparisonReport: Encodable {
  let model: String
  let files: [String]
  let layouts: [String]
  /// Whether the files differ at most in element types.
  let equal: Bool
  let tensors: [Tensor]

  struct Tensor: Encodable {
    enum Outcome: String, Encodable { case equal, rounded, different, missing }
    let name: String
    let outcome: Outcome
    /// The element type to which the wider of the two was rounded.
    let dtype: String?
    let largestDifference: Float?

    init(_ row: ModelComparison.Row) {
      name = row.tensor
      switch row.outcome {
      case .equal: (outcome, dtype, largestDifference) = (.equal, nil, nil)
      case .equalRounded(let type): (outcome, dtype, largestDifference) = (.rounded, type.rawValue, nil)
      case .different(let largest): (outcome, dtype, largestDifference) = (.different, nil, largest)
      case .missing: (outcome, dtype, largestDifference) = (.missing, nil, nil)
      }
    }
  }

  init(
    model: String, _ files: (String, String), _ comparison: ModelComparison
  ) {
    self.model = model
    self.files = [files.0, files.1]
    layouts = [comparison.layouts.0, comparison.layouts.1]
    equal = comparison.isEqual
    tensors = comparison.rows.map(Tensor.init)
  }

  var text: String {
    func count(_ outcome: Tensor.Outcome) -> Int { tensors.count { $0.outcome == outcome } }
    var table = Table(["TENSOR", "LARGEST DIFFERENCE"], right: [1])
    for tensor in tensors {
      switch tensor.outcome {
      case .different: table.add([tensor.name, tensor.largestDifference.map { formatted("%.3g", $0) } ?? ""])
      case .missing: table.add([tensor.name, "only in one"])
      case .equal, .rounded: break
      }
    }
    let parts = [
      "\(tensors.count) tensors", "\(count(.equal)) equal",
      count(.rounded) > 0 ? "\(count(.rounded)) equal once rounded to the narrower element type" : "",
      count(.different) > 0 ? "\(count(.different)) different" : "",
      count(.missing) > 0 ? "\(count(.missing)) only in one of the two" : "",
    ]
    let lines = [
      "\(model)", "  \(files[0])  (\(layouts[0]))", "  \(files[1])  (\(layouts[1]))",
      "  " + parts.filter { !$0.isEmpty }.joined(separator: ", "),
    ]
    return (equal ? lines : [table.text, ""] + lines).joined(separator: "\n")
  }
}
