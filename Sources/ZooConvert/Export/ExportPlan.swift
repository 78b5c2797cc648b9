import ZooCheckpoints
import ZooModels
import ZooTensors

/// The plan of an export: every tensor of the other layout, made from canonical ones.
package struct ExportPlan: Sendable {
  package let format: ExportFormat
  package let layout: CheckpointLayout
  /// In the order of the canonical tensors.
  package let rows: [ConversionPlan.Row]
  /// What the layout leaves out, which must therefore be zero.
  let zeros: [TensorExpression]

  package var byteCount: Int { rows.reduce(0) { $0 + $1.byteCount } }

  /// The headers of the files to be written.
  package var headers: Headers {
    Headers(rows.map { .init(name: $0.target, dtype: $0.dtype, shape: $0.shape) })
  }

  /// Plans from the headers of a converted model's weights.
  ///
  /// Throws a `ConvertError` if the ecosystem has no equivalent for such a model, or if the result would not be identified as this model again.
  package init(
    _ format: ExportFormat, _ architecture: Architecture, _ weights: Headers, dtype: TargetDType = .keep
  ) throws(ConvertError) {
    self.format = format
    layout = try format.layout(of: architecture)
    guard let inversion = Inversion(layout, architecture) else {
      throw .notExportable(
        model: architecture.name, format: format.rawValue, reason: "its tensors cannot be put together that way")
    }
    zeros = inversion.zeros
    rows = inversion.tensors.map { name, shape, expression in
      let types = Set(expression.sources.compactMap { weights[$0.name]?.dtype })
      return ConversionPlan.Row(target: name, shape: shape, dtype: dtype.resolved(types), expression: expression)
    }
    // The way back, from the headers alone.
    let found = CheckpointLayout.all.filter { $0.mismatches(headers).isEmpty }.map(\.name)
    let problems = makePlan(layout, architecture, headers).problems
    guard found == [layout.name], problems.isEmpty else {
      let reason = problems.first.map { "\($0)" } ?? "its tensors would look like those of \(found)"
      throw .notExportable(model: architecture.name, format: format.rawValue, reason: reason)
    }
  }

  /// The rows of each file, none larger than `limit` unless a single tensor is.
  func shards(limit: Int?) -> [[ConversionPlan.Row]] {
    guard let limit else { return [rows] }
    var shards: [[ConversionPlan.Row]] = [[]]
    var size = 0
    for row in rows {
      if size > 0, size + row.byteCount > limit {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(row)
      size += row.byteCount
    }
    return shards
  }
}
