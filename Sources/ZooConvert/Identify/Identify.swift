import ZooCheckpoints
import ZooModels

/// Identifies a checkpoint.
///
/// Tensor names identify the layout, shapes the architectures that fit. Everything else is resolved in this order, each overriding the next:
/// 1. the options: `--as ARCHITECTURE:TAG` (with the choices in its manifest), itself overridden by single choices such as `--activation`;
/// 2. the configuration that belongs to the layout: `open_clip_config.json` for OpenCLIP's and big_vision's, `config.json` with
///    `preprocessor_config.json` for those of Hugging Face and timm; then the other of the two;
/// 3. the names of the file and its folders, which lead to a manifest;
/// 4. for OpenAI's TorchScript archives and for classifiers, what is true of all of them.
/// How positions are resampled depends on the layout, which tells the ecosystem that a file was written for, whatever the model.
/// If two sources disagree, a note states both values and the one that won. If no source decides, this throws `undecided`.
package func identify(
  _ checkpoint: Checkpoint, options: ConversionOptions = ConversionOptions(), registry: Registry
) throws -> IdentifiedModel {
  try options.model?.check()
  let headers = Headers(checkpoint)
  if let model = options.model, let manifest = registry.manifest(model.architecture),
    let reason = manifest.architecture.unsupported
  {
    throw ConvertError.unsupported(path: checkpoint.path, architecture: manifest.name, reason: reason)
  }
  if let match = unsupportedMatch(headers, registry) {
    throw ConvertError.unsupported(
      path: checkpoint.path, architecture: match.name, reason: match.architecture.unsupported ?? "")
  }
  if let kind = RefusedKind.find(headers) {
    throw ConvertError.unsupported(path: checkpoint.path, architecture: kind.model, reason: kind.reason)
  }
  let layout = try knownLayout(headers, of: checkpoint, options: options)
  var identification = Identification(
    path: checkpoint.path, layout: layout, headers: headers, facts: layout.measure(headers), options: options,
    registry: Identification.registry(registry, for: layout, headers),
    isOpenAIArchive: checkpoint.container == .torchScript,
    files: checkpoint.files, notes: checkpoint.notes)
  var model = try identification.model()
  if layout == .transformersTIPSv2, checkpoint.entry("temperature") != nil, model.architecture.temperature != nil {
    guard let own = try checkpoint.tensor("temperature").floats()?.first, own > 0, own.isFinite else {
      throw ConvertError.configuration(file: checkpoint.path, reason: "its temperature is not a number above zero")
    }
    model.architecture.temperature = own
  }
  return model
}

/// The layout; if there is none, a configuration that names an unsupported part is more helpful than missing keys.
private func knownLayout(_ headers: Headers, of checkpoint: Checkpoint, options: ConversionOptions) throws
  -> CheckpointLayout
{
  let beside = joinPath(splitPath(checkpoint.path).parent, "open_clip_config.json")
  let file = options.configuration ?? (fileExists(beside) ? beside : nil)
  let isUnknown = CheckpointLayout.all.allSatisfy { !$0.mismatches(headers).isEmpty }
  if isUnknown, let file, let config = try? readJSON(OpenCLIPFile.self, file), config.isWithHuggingFaceText {
    _ = try config.configuration(file: file)
  }
  if isUnknown { try refuseByTimmName(path: checkpoint.path, options: options) }
  return try detectLayout(headers, path: checkpoint.path, part: checkpoint.part)
}

/// timm's name in `config.json` tells why a timm model is not supported.
private func refuseByTimmName(path: String, options: ConversionOptions) throws {
  struct File: Decodable { var architecture: String? }
  let file = options.configuration ?? joinPath(splitPath(path).parent, "config.json")
  guard fileExists(file), let name = try? readJSON(File.self, file).architecture,
    case .refused(let reason)? = TimmModel.named(name)
  else { return }
  throw ConvertError.unsupported(path: path, architecture: name, reason: reason)
}

/// The work of `identify`, step by step.
struct Identification {
  let path: String
  let layout: CheckpointLayout
  let headers: Headers
  let facts: ArchitectureFacts
  let options: ConversionOptions
  let registry: Registry
  let isOpenAIArchive: Bool
  /// The paths of all files of the checkpoint.
  let files: [String]
  var notes: [String]

  /// An architecture with its preprocessing, from one source.
  struct Candidate {
    var architecture: Architecture
    var tag: String
    var preprocessing: Preprocessing
    var labels: [String]?
    /// Whether the tokenizer's padding is known (from a manifest); otherwise its files decide.
    var knowsTokenizer = false
  }

  mutating func model() throws -> IdentifiedModel {
    var finding = try find()
    let before = finding
    finding.architecture = options.applied(to: finding.architecture)
    if let model = options.model, model.tag != nil, registry.manifest(model.architecture) != nil {
      notes += conflicts(
        "the option", (finding.architecture, finding.preprocessing),
        "\(ModelName(architecture: model.architecture, tag: options.like ?? model.tag))",
        (before.architecture, before.preprocessing))
    }
    settleLogitBias(&finding.architecture)
    if let resampling = layout.resampling {
      // big_vision's NaFlex resamples positions differently from its other towers.
      let isOwn = layout == .bigVision && facts.vision.positionGrid != nil
      finding.architecture.vision?.resampling = isOwn ? .bilinearAntialias : resampling
    }
    if let note = layout.note { notes.append(note) }
    finding.preprocessing.convention = layout.convention
    if let size = options.imageSize {
      finding.preprocessing.scale(to: size)
      if let vision = finding.architecture.vision { try checkImageSize(size, vision) }
    }
    settleNaFlex(&finding)
    settleHalf(&finding)
    if let reason = finding.architecture.unsupported {
      throw ConvertError.unsupported(path: path, architecture: finding.architecture.name, reason: reason)
    }
    try validate(finding.architecture, finding.preprocessing)
    let tokenizer = try tokenizer(&finding)
    return IdentifiedModel(
      layout: layout, architecture: finding.architecture, tag: finding.tag,
      preprocessing: finding.architecture.vision == nil ? nil : finding.preprocessing,
      tokenizerFiles: tokenizer, labels: finding.labels, notes: notes)
  }

  /// The tensors show whether there is a logit bias: open_clip's `--siglip` trains one that no configuration mentions, and fills in zero for a
  /// checkpoint that lacks one.
  private mutating func settleLogitBias(_ architecture: inout Architecture) {
    let isFilledIn = layout.source == .openCLIP
    guard architecture.text != nil, facts.logitBias != architecture.logitBias, facts.logitBias || isFilledIn else {
      return
    }
    architecture.logitBias = facts.logitBias
    notes.append(
      facts.logitBias
        ? "The checkpoint has a logit_bias, of which nothing else speaks: it is used."
        : "The checkpoint has no logit_bias: it is taken to be zero.")
  }

  /// A position table that keeps its grid belongs to NaFlex: unless stated otherwise, a picture keeps its aspect ratio and has no more patches than
  /// the table.
  private mutating func settleNaFlex(_ finding: inout Candidate) {
    guard let vision = finding.architecture.vision, layout.part != .textTower, options.imageSize == nil else { return }
    if let grid = facts.vision.positionGrid, finding.preprocessing.naflex == nil {
      finding.preprocessing.naflex = NaFlex(patch: vision.patch, maxPatches: grid.count)
    }
    guard finding.preprocessing.naflex != nil else { return }
    notes.append(
      "NaFlex: a picture keeps its proportions and is cut into up to \(finding.preprocessing.sizeText); --max-patches takes "
        + "another number, --size one size for all.")
  }

  private mutating func find() throws -> Candidate {
    let fitting = candidates(layout, headers, registry)
    let evidence = NameEvidence.find(path: path, candidates: fitting)
    let named = try asked()
    if let named, let manifest = named.manifest, let weights = named.weights {
      return registered(manifest, weights, configured(beside: manifest, weights, fitting))
    }
    let activation = layout.part == .textTower ? options.textActivation : options.visionActivation
    let isChosen = layout.part.half != nil && activation != nil && named?.manifest == nil
    let configured: Configured?
    do {
      configured = try self.configured(fitting, named?.manifest ?? evidence?.manifest)
    } catch let error as ConvertError where error.isForeignConfiguration && options.configuration == nil {
      // Another program's file does not override the caller.
      if let model = options.model, let manifest = named?.manifest, let tag = model.tag {
        notes.append("\(error). --as \(model) says what the model is.")
        return finding(manifest, try untold(manifest, tag))
      }
      guard isChosen else { throw error }
      notes.append("\(error). The options say what the tower is.")
      return try measuredHalf()
    }
    if let configured {
      return settled(configured, named.map { ($0.manifest, nil) } ?? evidence.map { ($0.manifest, $0.weights) })
    }
    if isChosen { return try measuredHalf() }
    if let named { throw undecided(named.manifest.map { [$0] } ?? fitting) }
    if let evidence, let weights = evidence.weights ?? defaultWeights(evidence) {
      notes.append(
        "The name '\(evidence.component)' says \(ModelName(architecture: evidence.manifest.name, tag: weights.tag)).")
      return finding(evidence.manifest, weights)
    }
    if let evidence { throw undecided([evidence.manifest]) }
    // The shapes of a ResNet reveal everything.
    if layout.part == .imageTower, facts.vision.pooler == .meanQuery { return try measuredHalf() }
    if isOpenAIArchive { return try openAI(fitting) }
    if layout.part == .classifier || layout == .timmImage { return try classifier() }
    if !fitting.isEmpty || options.visionActivation == nil { throw undecided(fitting) }
    return try measured()
  }

  /// What `--as` names: a manifest with or without weights, or only a name (nil) for what a configuration describes.
  private mutating func asked() throws -> (manifest: Manifest?, weights: PretrainedWeights?)? {
    guard let model = options.model else {
      if let like = options.like {
        throw ConvertError.badLike(like, reason: "--as ARCHITECTURE:MY-TAG must go with it")
      }
      return nil
    }
    guard let manifest = registry.manifest(model.architecture) else {
      if hasConfiguration || isOpenAIArchive || layout.part != .whole { return (nil, nil) }
      return try registry.resolve(model)
    }
    guard let tag = model.tag, !manifest.weights.contains(where: { ModelName.sameTag($0.tag, tag) }) else {
      if let like = options.like {
        throw ConvertError.badLike(like, reason: "--as must give the fine-tune a tag that is not registered")
      }
      return try registry.resolve(model)
    }
    if let like = options.like,
      var weights = try registry.resolve(.init(architecture: manifest.name, tag: like)).weights
    {
      notes.append("It is run like \(manifest.name):\(weights.tag), from which --like says it was fine-tuned.")
      weights.tag = tag
      return (manifest, weights)
    }
    return hasConfiguration ? (manifest, nil) : (manifest, try untold(manifest, tag))
  }

  /// What all weights of an architecture have in common, with the caller's choices, for unregistered weights.
  private func untold(_ manifest: Manifest, _ tag: String) throws(ConvertError) -> PretrainedWeights {
    func run(_ weights: PretrainedWeights) -> Architecture {
      options.applied(to: manifest.architecture.trained(as: weights))
    }
    guard var own = manifest.weights.first,
      manifest.weights.allSatisfy({ run($0) == run(own) && $0.preprocessing == own.preprocessing })
    else {
      throw .undecided(
        path: path, undecided: ["how '\(tag)' was trained"],
        candidates: manifest.weights.map { ModelName(architecture: manifest.name, tag: $0.tag) },
        options: ["--like TAG"])
    }
    own.tag = tag
    return own
  }

  /// A tag for unnamed weights that differs from all registered ones.
  func ownTag(_ architecture: String) -> String {
    guard let manifest = registry.manifest(architecture), let own = OwnName.find(path: path, files: files) else {
      return "local"
    }
    let isTaken = manifest.weights.contains { ModelName.sameTag($0.tag, own.description) }
    return isTaken ? "local-\(own)" : own.description
  }

  // MARK: From a manifest

  private func finding(_ manifest: Manifest, _ weights: PretrainedWeights) -> Candidate {
    Candidate(
      architecture: manifest.architecture.trained(as: weights), tag: weights.tag, preprocessing: weights.preprocessing,
      labels: weights.classNames, knowsTokenizer: true)
  }

  /// The configuration beside registered weights; a note says if it cannot be used, and nothing else depends on it.
  private mutating func configured(
    beside manifest: Manifest, _ weights: PretrainedWeights, _ fitting: [Manifest]
  ) -> Configured? {
    do {
      return try configured(fitting, manifest)
    } catch {
      notes.append("\(error). --as \(manifest.name):\(weights.tag) says what the model is.")
      return nil
    }
  }

  private mutating func registered(
    _ manifest: Manifest, _ weights: PretrainedWeights, _ configured: Configured?
  ) -> Candidate {
    var result = finding(manifest, weights)
    if let configured {
      result.labels = configured.labels ?? result.labels
      notes += conflicts(
        "--as \(manifest.name):\(weights.tag)", (result.architecture, result.preprocessing), configured.file,
        (configured.architecture, configured.preprocessing))
    }
    return result
  }

  /// The weights meant by a name without a tag, if all tags run alike or the name says that they are OpenCLIP's own, which are listed first.
  private mutating func defaultWeights(_ evidence: NameEvidence) -> PretrainedWeights? {
    guard let first = evidence.manifest.weights.first else { return nil }
    let manifest = evidence.manifest
    let isAlike = manifest.weights.allSatisfy { manifest.runsLike(manifest, as: $0, first) }
    guard evidence.isExact, isAlike || nameWords(evidence.component).contains("openclip") else { return nil }
    notes.append(
      "No tag found in the names; assuming '\(first.tag)', the first registered one of \(manifest.name). --as overrides it."
    )
    return first
  }

  // MARK: What cannot be settled

  private func undecided(_ manifests: [Manifest]) -> ConvertError {
    let names = manifests.flatMap { manifest in
      manifest.weights.isEmpty
        ? [ModelName(architecture: manifest.name, tag: nil)]
        : manifest.weights.map { ModelName(architecture: manifest.name, tag: $0.tag) }
    }
    let option =
      switch layout.part {
      case _ where !names.isEmpty: "--as ARCHITECTURE:TAG"
      case .whole: "--config FILE"
      case .textTower: "--config FILE, or with --text-activation and --text-heads"
      default: "--config FILE, or with --activation and --heads"
      }
    return .undecided(
      path: path, undecided: ["which architecture and which weights it has"], candidates: names, options: [option])
  }

  /// Rejects impossible dimensions before anything is expanded by them.
  private func validate(_ architecture: Architecture, _ preprocessing: Preprocessing) throws {
    do throws(ManifestError) {
      try architecture.validate(file: path)
      if let tower = architecture.vision { try preprocessing.validate(for: tower, file: path) }
    } catch {
      guard case .impossible(_, let field, let reason) = error else { throw error }
      throw ConvertError.configuration(file: path, reason: "\(field) \(reason)")
    }
    let layers = max(architecture.vision?.blocks.layers ?? 0, architecture.text?.blocks.layers ?? 0)
    let possible = max(headers.entries.count, min(10_000, max(facts.vision.layers, facts.text?.layers ?? 0)))
    guard layers <= possible else {
      throw ConvertError.configuration(
        file: path, reason: "\(headers.entries.count) tensors cannot hold \(layers) layers")
    }
  }
}
