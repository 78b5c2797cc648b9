import ZooModels

// Towers that were saved separately.
extension Identification {
  /// The registry from the point of view of a layout: for one tower alone, that half of each architecture, with the projection that the shapes
  /// reveal.
  static func registry(_ registry: Registry, for layout: CheckpointLayout, _ headers: Headers) -> Registry {
    guard layout.part.half != nil else { return registry }
    let facts = layout.measure(headers)
    return registry.mapArchitectures { $0.half(layout.part).fitted(to: facts, headers) }
  }

  /// Adapts a half to its own file, under a name that no whole model has, with a note that says what it embeds.
  mutating func settleHalf(_ finding: inout Candidate) {
    guard let half = layout.part.half else { return }
    finding.architecture = finding.architecture.fitted(to: facts, headers)
    let architecture = finding.architecture
    if options.isJoined { return }
    if registry.manifest(architecture.name) != nil {
      finding.architecture.name += layout.part == .imageTower ? "-image" : "-text"
    }
    let join = layout.part == .imageTower ? "zoo convert \(path) --text OTHER" : "zoo convert IMAGE --text \(path)"
    let width = "(width \(architecture.embedding))"
    notes.append(
      architecture.isJoint
        ? "It is one half of a model, the \(half), and gives the joint embedding \(width); '\(join)' joins it to the "
          + "other half."
        : "It is one half of a model, the \(half), saved without a projection to the joint embedding: it gives what it "
          + "pools \(width)."
    )
  }

  /// A tower alone, from its shapes and the caller's choices.
  mutating func measuredHalf() throws -> Candidate {
    guard let embedding = facts.embedding else {
      throw ConvertError.configuration(file: path, reason: "the shapes of its tower do not fit one another")
    }
    let isSigLIP = layout.source.isSigLIP, eps: Float = isSigLIP ? 1e-6 : 1e-5
    var vision: VisionTower?, text: TextTower?
    if layout.part == .imageTower {
      vision = try facts.vision.tower(
        VisionChoices(
          image: options.imageSize, heads: options.visionHeads, activation: options.visionActivation,
          eps: options.visionEps ?? eps), path: path)
      notes.append(
        "Nothing describes this image tower: epsilon and preprocessing are those of \(isSigLIP ? "SigLIP" : "CLIP").")
    } else if let textFacts = facts.text, let activation = options.textActivation {
      text = try textFacts.tower(
        heads: options.textHeads, activation: activation, eps: options.textEps ?? eps, causal: !isSigLIP,
        pooling: isSigLIP ? .last : .argmax, path: path
      ) {
        isSigLIP
          ? TokenizerSpec(kind: .sentencePiece, contextLength: $0, padID: 1, clean: .canonicalize)
          : TokenizerSpec(kind: .clipBPE, contextLength: $0)
      }
      notes.append(
        "Nothing describes this text tower: epsilon, mask and pooling are those of \(isSigLIP ? "SigLIP" : "CLIP").")
    }
    let image = vision?.image ?? GridSize(square: 224)
    var preprocessing =
      isSigLIP
      ? Preprocessing.minusOneToOne(image)
      : Preprocessing(size: image, interpolation: .bicubic, resizeMode: .shortest)
    if layout.source == .transformers(.siglip2) { preprocessing.interpolation = .bilinear }
    return Candidate(
      architecture: Architecture(
        name: modelName(nil), family: isSigLIP ? .siglip : .clip, embedding: embedding, part: layout.part,
        vision: vision, text: text),
      tag: options.model?.tag ?? "local", preprocessing: preprocessing)
  }
}

extension Architecture {
  /// Whether the output of a tower is an embedding that two towers share: it comes from a projection or from SigLIP's attention pooler.
  var isJoint: Bool {
    if case .attention = vision?.pooler { return true }
    return part == .whole || vision.map { $0.projection != .none } ?? (text?.projection != Projection.none)
  }

  /// A half with the projection, width and scale that its tensors reveal.
  fileprivate func fitted(to facts: ArchitectureFacts, _ headers: Headers) -> Architecture {
    var half = self
    half.vision?.projection = facts.vision.projection
    if let text = facts.text { half.text?.projection = text.projection }
    if let embedding = facts.embedding { half.embedding = embedding }
    half.logitScale = headers.contains("logit_scale")
    half.logitBias = headers.contains("logit_bias")
    return half
  }
}
