import ZooCheckpoints
import ZooModels

extension ConversionPlan {
  /// The prefix of the second checkpoint's names in a joined one.
  fileprivate static let otherPrefix = "text:"
}

extension Conversion {
  /// Joins the image tower of a checkpoint to the text tower of another one.
  ///
  /// Both may be halves or whole models. Their embeddings must have the same width. The scale of the cosine comes from the image tower's file if it
  /// has one, otherwise from the text tower's; if neither has one, a note says what is missing. The tensors of the text tower's file get a prefix in
  /// the joined checkpoint.
  ///
  /// - Parameters:
  ///   - options: What the caller says about the image tower's file; the text options apply to the other one.
  /// - Throws: `ConvertError.notJoinable` if the halves do not fit together, and what `init(_:)` throws.
  public init(
    joining image: Checkpoint, with text: Checkpoint, options: ConversionOptions = ConversionOptions(),
    registry: Registry,
    dtype: TargetDType = .keep
  ) throws {
    func fail(_ reason: String) -> ConvertError {
      .notJoinable(image: image.path, text: text.path, reason: reason)
    }
    var imageOptions = options
    imageOptions.isJoined = true
    var textOptions = ConversionOptions()
    textOptions.isJoined = true
    textOptions.textActivation = options.textActivation
    (textOptions.textHeads, textOptions.textEps) = (options.textHeads, options.textEps)
    textOptions.tokenizer = options.tokenizer
    let first = try identify(image, options: imageOptions, registry: registry)
    let second = try identify(text, options: textOptions, registry: registry)
    guard let vision = first.architecture.vision, !first.architecture.isClassifier else {
      throw fail("\(image.path) has no image tower with an embedding")
    }
    guard let tower = second.architecture.text else { throw fail("\(text.path) has no text tower") }
    let (width, otherWidth) = (first.architecture.embedding, second.architecture.embedding)
    guard width == otherWidth else {
      throw fail("the image tower's embedding has width \(width), the text tower's \(otherWidth)")
    }
    // A CLIP tower that was saved without its projection outputs something that no text tower was trained with.
    for (half, path) in [(first.architecture, image.path), (second.architecture, text.path)] where !half.isJoint {
      throw fail("\(path) has no projection to the joint embedding")
    }

    var architecture = first.architecture
    (architecture.part, architecture.text) = (.whole, tower)
    var notes = first.notes + second.notes
    architecture.logitScale = first.architecture.logitScale || second.architecture.logitScale
    architecture.logitBias = first.architecture.logitBias || second.architecture.logitBias
    notes.append("The image tower is that of \(shortPath(image)), the text tower that of \(shortPath(text)).")
    if first.architecture.logitScale {
      notes.append("logit_scale is that of the image tower's file.")
    } else if second.architecture.logitScale {
      notes.append("logit_scale is that of the text tower's file.")
    } else {
      notes.append(
        "Neither file has logit_scale: cosines and maps do not need it, softmax and logits are not given.")
    }
    if !architecture.logitBias, case .attention = vision.pooler {
      notes.append("Neither file has logit_bias, which SigLIP's probabilities need: they are not given.")
    }

    let joined = try image.joined(with: text, under: ConversionPlan.otherPrefix)
    let plans = (
      makePlan(first.layout, first.architecture, Headers(image), dtype: dtype.beforeJoining),
      makePlan(second.layout, second.architecture, Headers(text), dtype: dtype.beforeJoining)
    )
    var plan = joinedPlan(plans.0, plans.1, architecture, sourceCount: joined.entries.count)
    if dtype == .int8 { plan = plan.quantised }
    var model = first
    (model.architecture, model.notes) = (architecture, notes)
    model.tokenizerFiles = second.tokenizerFiles
    if options.model?.tag == nil { model.tag = "joined" }
    self.init(checkpoint: joined, model: model, plan: plan)
  }
}

/// The file and its folder, without the folders above.
private func shortPath(_ checkpoint: Checkpoint) -> String {
  let (folder, name) = splitPath(checkpoint.path)
  return joinPath(splitPath(folder).name, name)
}

extension TargetDType {
  /// The type for the halves: scales are added to the rows of the whole.
  fileprivate var beforeJoining: TargetDType { self == .int8 ? .keep : self }
}

/// The rows of both plans that an architecture has, in its order.
private func joinedPlan(
  _ image: ConversionPlan, _ text: ConversionPlan, _ architecture: Architecture, sourceCount: Int
) -> ConversionPlan {
  let prefix = ConversionPlan.otherPrefix
  let own = Dictionary(uniqueKeysWithValues: image.rows.map { ($0.target, $0) })
  let other = Dictionary(
    uniqueKeysWithValues: text.rows.map { row in
      (
        row.target,
        ConversionPlan.Row(
          target: row.target, shape: row.shape, dtype: row.dtype,
          expression: row.expression.renamed { prefix + $0 })
      )
    })
  let rows = architecture.tensors.compactMap { spec in
    spec.name.hasPrefix("text.") ? other[spec.name] : own[spec.name] ?? other[spec.name]
  }
  let taken = Set(rows.flatMap(\.sources))
  let left = { (names: [String]) in
    Set(names).subtracting(taken).sorted().map {
      ConversionPlan.Dropped(name: $0, rule: "joined", reason: "the half that comes from the other file")
    }
  }
  let dropped =
    image.dropped + left(image.rows.flatMap(\.sources))
    + text.dropped.map { .init(name: prefix + $0.name, rule: $0.rule, reason: $0.reason) }
    + left(other.values.flatMap(\.sources))
  return ConversionPlan(
    layout: "\(image.layout)+\(text.layout)", architecture: architecture.name, rows: rows, dropped: dropped,
    problems: image.problems + text.problems, sourceCount: sourceCount)
}
