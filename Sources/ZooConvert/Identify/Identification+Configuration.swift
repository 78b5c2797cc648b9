import ZooCheckpoints
import ZooModels

/// A configuration with its image tower completed.
struct Configured {
  let file: String
  let architecture: Architecture
  let preprocessing: Preprocessing
  let labels: [String]?
}

extension Identification {
  private static let openCLIPName = "open_clip_config.json"
  private static let otherName = "config.json"

  /// The configuration files to look at, that of the layout first.
  private var configurationFiles: [String] {
    if let file = options.configuration { return [file] }
    let names =
      switch layout.source {
      case .transformers, .timm, .google: [Self.otherName, Self.openCLIPName]
      case .openCLIP, .original: [Self.openCLIPName, Self.otherName]
      }
    return names.map { joinPath(splitPath(path).parent, $0) }.filter(fileExists)
  }

  var hasConfiguration: Bool { !configurationFiles.isEmpty }

  /// What the configuration says, completed if it only names an image tower of timm; notes what a second one says differently.
  mutating func configured(_ fitting: [Manifest], _ hint: Manifest?) throws -> Configured? {
    var files = configurationFiles[...], found: Configuration?
    while found == nil, let file = files.popFirst() { found = try read(file, isOnlyOne: files.isEmpty) }
    guard let primary = found else { return nil }
    let result = try complete(primary, fitting, hint)
    notes += primary.notes + primary.keyNotes
    for file in files {
      let other: Configuration
      do {
        guard let found = try read(file, isOnlyOne: true) else { continue }
        other = found
        notes += other.keyNotes
      } catch {
        notes.append("\(error): \(result.file) is used.")
        continue
      }
      guard let architecture = other.architecture(name: result.architecture.name, part: layout.part) else { continue }
      notes += conflicts(
        result.file, (result.architecture, result.preprocessing), other.file, (architecture, other.preprocessing))
    }
    return result
  }

  /// Nil for an unneeded `config.json` that describes something else.
  private func read(_ file: String, isOnlyOne: Bool) throws -> Configuration? {
    struct Kind: Decodable {
      struct Anything: Decodable {}
      var modelCfg: Anything?
      var modelType: String?
      var architecture: String?
    }
    let kind = try readJSON(Kind.self, file)
    if kind.modelCfg != nil {
      var result = try readJSON(OpenCLIPFile.self, file).configuration(file: file)
      result.keyNotes += try ZooConvert.notes(onKeysOf: file, by: OpenCLIPFile.keys)
      return result
    }
    if TransformersClassifierFile.layouts.contains(layout), kind.modelType != nil {
      let settings = try TransformersPreprocessor.beside(file)
      var result = try readJSON(TransformersClassifierFile.self, file).configuration(file: file, settings: settings)
      result.keyNotes += try ZooConvert.notes(onKeysOf: file, by: TransformersClassifierFile.keys)
      try notePictures(settings?.file, &result)
      return result
    }
    if kind.modelType != nil {
      let settings = layout.part == .textTower ? nil : try TransformersPreprocessor.beside(file)
      var result = try TransformersFile.read(file, part: layout.part).configuration(file: file, settings: settings)
      result.keyNotes += try ZooConvert.notes(onKeysOf: file, by: TransformersFile.keys(of: file, part: layout.part))
      if layout.part != .textTower { try notePictures(settings?.file, &result) }
      return result
    }
    if kind.architecture != nil {
      var result = try readJSON(TimmFile.self, file).configuration(file: file)
      result.keyNotes += try ZooConvert.notes(onKeysOf: file, by: TimmFile.keys)
      return result
    }
    guard isOnlyOne else { return nil }
    throw ConvertError.otherConfiguration(file: file)
  }

  /// Notes preprocessing settings that nothing reads, or what is done without settings.
  private func notePictures(_ file: String?, _ configuration: inout Configuration) throws {
    if let file {
      configuration.keyNotes += try TransformersPreprocessor.notes(onKeysOf: file)
      return
    }
    let pictures = configuration.preprocessing
    configuration.notes.append(
      "There is no preprocessor_config.json beside \(configuration.file): pictures are prepared as the model's class does it "
        + "(\(pictures.size), resized by \(pictures.resizeMode.rawValue) and \(pictures.interpolation.rawValue), mean \(pictures.mean), "
        + "deviation \(pictures.std)).")
  }

  /// Fills in an image tower that the configuration only names: from shapes with the file's and the caller's choices, or from the registered
  /// architectures with these shapes and this text tower, if they agree.
  private mutating func complete(_ config: Configuration, _ fitting: [Manifest], _ hint: Manifest?) throws -> Configured
  {
    var config = config
    if let model = config.huggingFaceText {
      guard let facts = facts.text else {
        throw ConvertError.configuration(file: config.file, reason: "its text tower '\(model.name)' is not there")
      }
      config.text = try model.tower(facts, heads: options.textHeads)
    }
    if let length = LongCLIP.contextLength(headers), let stated = config.text?.contextLength, stated != length {
      config.text?.tokenizer.contextLength = length
      notes.append(
        "\(config.file) says \(stated) text positions; the tables of Long-CLIP have \(length), all of which are used.")
    }
    if config.vision == nil, layout.part != .textTower {
      var choices = config.visionChoices
      choices.image = options.imageSize ?? choices.image
      choices.heads = options.visionHeads ?? choices.heads
      let isResNet = facts.vision.pooler == .meanQuery
      if layout.convention == .timm, let name = choices.timmName, TimmModel.named(name) == nil, !isResNet {
        choices.adoptClassDefaults(of: facts.vision)
        notes.append(
          "timm has no model '\(name)': what neither \(config.file) nor an option says is that of its class "
            + "(gelu, epsilon 1e-06).")
      }
      choices.activation = options.visionActivation ?? choices.activation
      choices.eps = options.visionEps ?? choices.eps ?? (choices.timmName?.contains("siglip") == true ? 1e-6 : nil)
      let manifests = fitting.filter { $0.hasText(of: config) && $0.architecture.vision?.image == choices.image }
      let manifest = manifests.first { $0.name == hint?.name } ?? manifests.first
      let agree = manifests.allSatisfy { $0.architecture.vision == manifest?.architecture.vision }
      if let manifest, hint?.name == manifest.name || agree, choices.heads == nil || choices.activation == nil {
        config.vision = manifest.architecture.vision
        notes.append(
          "\(config.file) only names the image tower (\(choices.timmName ?? "timm")): it is taken to be that of \(manifest.name)."
        )
      } else {
        config.vision = try facts.vision.tower(choices, path: path)
        if choices.image == nil, let image = config.vision?.image { config.preprocessing.scale(to: image) }
      }
    }
    guard let architecture = config.architecture(name: modelName(nil), part: layout.part) else {
      throw ConvertError.configuration(file: config.file, reason: "it has no image tower")
    }
    return Configured(
      file: config.file, architecture: architecture, preprocessing: config.preprocessing, labels: config.labels)
  }

  /// A model as its configuration describes it, named by what is known about it.
  mutating func settled(_ configured: Configured, _ named: (Manifest?, PretrainedWeights?)?) -> Candidate {
    var result = Candidate(
      architecture: configured.architecture, tag: options.model?.tag ?? named?.1?.tag ?? "",
      preprocessing: configured.preprocessing, labels: configured.labels ?? named?.1?.classNames)
    if let manifest = named?.0 {
      if let weights = named?.1 {
        notes += conflicts(
          configured.file, (result.architecture, result.preprocessing), "\(manifest.name):\(weights.tag)",
          (manifest.architecture.trained(as: weights), weights.preprocessing))
      }
      result.adopt(manifest)
    } else if options.model == nil, let manifest = registry.manifests.first(where: { $0.isLike(configured) }) {
      result.adopt(manifest)
    }
    if let name = options.model?.architecture { result.architecture.name = registry.manifest(name)?.name ?? name }
    if result.tag.isEmpty { result.tag = ownTag(result.architecture.name) }
    return result
  }

  /// A name for a model that nobody named: the registered one, the caller's, the file's, or its folder's.
  func modelName(_ manifest: Manifest?) -> String {
    manifest?.name ?? options.model?.architecture ?? OwnName.find(path: path, files: files)?.description ?? "model"
  }
}

extension Identification.Candidate {
  /// Adopts what a manifest knows and a configuration does not: the names and the tokenizer.
  fileprivate mutating func adopt(_ manifest: Manifest) {
    architecture.name = manifest.name
    architecture.family = manifest.architecture.family
    if let tokenizer = manifest.architecture.text?.tokenizer {
      architecture.text?.tokenizer = tokenizer
      knowsTokenizer = true
    }
  }
}

extension Manifest {
  /// Whether the text tower is that of a configuration, apart from the tokenizer.
  fileprivate func hasText(of config: Configuration) -> Bool {
    guard var mine = architecture.text, let theirs = config.text else { return false }
    mine.tokenizer = theirs.tokenizer
    return mine == theirs && architecture.embedding == config.embedding
  }

  /// Whether this is a configuration's architecture in everything but name and tokenizer.
  fileprivate func isLike(_ configured: Configured) -> Bool {
    var mine = architecture
    (mine.name, mine.family) = (configured.architecture.name, configured.architecture.family)
    if let tokenizer = configured.architecture.text?.tokenizer { mine.text?.tokenizer = tokenizer }
    return mine == configured.architecture
  }
}
