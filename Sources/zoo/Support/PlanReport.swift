import ZooConvert

/// The output of `zoo convert --dry-run`. Fields are only ever added.
struct PlanReport: Encodable {
  struct Tensor: Encodable {
    let name: String
    let dtype: String
    let shape: [Int]
    /// How it is made from the checkpoint's tensors, as in the plan's text.
    let from: String
  }

  struct Dropped: Encodable {
    let name: String
    let rule: String
    let reason: String
  }

  let model: String
  let layout: String
  let path: String
  let bytes: Int
  let tensors: [Tensor]
  let dropped: [Dropped]
  let problems: [String]
  let notes: [String]

  private enum CodingKeys: CodingKey { case model, layout, path, bytes, tensors, dropped, problems, notes }
  private let title: String

  init(_ conversion: Conversion, target: String) {
    let (model, plan) = (conversion.model, conversion.plan)
    self.model = "\(model.name)"
    layout = plan.layout
    title = model.layout.title
    path = target
    bytes = plan.byteCount
    tensors = plan.rows.map {
      Tensor(name: "\($0.target)", dtype: $0.dtype.rawValue, shape: $0.shape, from: "\($0.expression)")
    }
    dropped = plan.dropped.map { Dropped(name: $0.name, rule: $0.rule, reason: $0.reason) }
    problems = plan.problems.map(\.description)
    notes = model.notes
  }

  func text(of plan: ConversionPlan) -> String {
    (["\(plan)"] + notes.map { "note: \($0)" } + ["\(model) from \(title), \(byteText(bytes)), would go to \(path)"])
      .joined(separator: "\n")
  }
}
