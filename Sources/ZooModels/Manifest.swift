import Foundation
import ZooJSON
import ZooTensors

/// One architecture and its trained weights: a file in `Manifests/models`.
public struct Manifest: Codable, Sendable, Hashable {
  /// The dimensions and choices of the model.
  public var architecture: Architecture
  /// The pretrained tags, in the order in which they are listed.
  public var weights: [PretrainedWeights]
  /// What was compared with the original implementation.
  public var verified: Verification?

  package init(architecture: Architecture, weights: [PretrainedWeights], verified: Verification? = nil) {
    self.architecture = architecture
    self.weights = weights
    self.verified = verified
  }

  /// Decodes the text of a manifest file; throws a `ManifestError` that names the file and the field.
  public init(json: Data, file: String) throws {
    do {
      self = try manifestDecoder().decode(Manifest.self, from: json)
    } catch let error as DecodingError {
      throw ManifestError.unreadable(file: file, reason: plainReason(of: error))
    }
    try architecture.validate(file: file)
    for weights in weights {
      try weights.validate(file: file)
      try weights.preprocessing.validate(for: architecture.vision, file: file)
      if let classes = weights.classes, !architecture.isClassifier || classes.count != architecture.embedding {
        throw ManifestError.impossible(
          file: file, field: "weights.classes of '\(weights.tag)'",
          reason: "go with a classifier of \(classes.count) classes")
      }
    }
  }

  /// The architecture's name.
  public var name: String { architecture.name }
}

/// What was compared with the original implementation for an architecture. Trained weights are not included.
public struct Verification: Codable, Sendable, Hashable {
  /// A folder in `Tests/Golden`: a small random model, made by the original implementation, with the same choices but smaller dimensions. All its
  /// block outputs and maps match.
  public var golden: String?
  /// The package whose full-size model has tensors of the same names and shapes.
  public var shapes: String?
  /// The packages whose configurations have the same dimensions, choices and tags.
  public var facts: [String]
}

/// One set of trained weights: what the tensors of an architecture do not tell about themselves.
public struct PretrainedWeights: Codable, Sendable, Hashable {
  /// The established tag, such as `laion2b_s32b_b79k`.
  public var tag: String
  /// The activations that the weights were trained with, if they differ from the architecture's.
  package var activation: TowerActivations?
  /// How pictures were prepared when these weights were trained.
  public var preprocessing: Preprocessing
  /// Hub repository, such as `laion/CLIP-ViT-H-14-laion2B-s32B-b79K`.
  public var repository: String?
  /// Files of the repository, best first.
  public var files: [String]
  /// The URL of a file outside the hub.
  public var url: String?
  /// The first digits of that file's SHA-256.
  public var sha256Prefix: String?
  /// The license, spelled as on the hub; nil if the page does not state one.
  public var license: String?
  /// The languages for prompts, according to the authors: `English`, `109 languages`.
  public var languages: String?
  /// Other repositories that have the same weights.
  public var mirrors: [HubFiles]
  /// The classes of a classifier; nil if its own files name them.
  public var classes: ClassSet?
  /// Something users should know, such as a configuration that disagrees with the training.
  public var note: String?

  package init(tag: String, preprocessing: Preprocessing) {
    self.tag = tag
    self.preprocessing = preprocessing
    (files, mirrors) = ([], [])
  }
}

/// Classes whose names are built in.
public enum ClassSet: String, Codable, Sendable {
  /// The 1000 classes of ILSVRC2012, in the order of their WordNet ids.
  case imageNet1k = "imagenet-1k"

  /// The number of classes.
  public var count: Int { 1000 }
}

/// Files of a hub repository.
public struct HubFiles: Codable, Sendable, Hashable {
  /// `OWNER/REPOSITORY`.
  public var repository: String
  /// Best first; empty for the usual names.
  public var files: [String]
}

extension PretrainedWeights {
  /// Rejects names that would lead out of the folder as paths.
  fileprivate func validate(file: String) throws(ManifestError) {
    guard (try? PlainName(tag)) != nil else {
      throw .impossible(file: file, field: "weights.tag", reason: NameError.rule)
    }
    let isInside = (files + mirrors.flatMap(\.files)).allSatisfy { path in
      path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isPlainFileName)
    }
    guard isInside else {
      throw .impossible(file: file, field: "weights.files of '\(tag)'", reason: "must be names in the repository")
    }
  }
}

/// The activation of each tower that the model has.
package struct TowerActivations: Codable, Sendable, Hashable {
  package var vision: Activation?
  package var text: Activation?

  package init(vision: Activation?, text: Activation?) {
    self.vision = vision
    self.text = text
  }
}

extension Architecture {
  /// The architecture as it was trained with these weights.
  package func trained(as weights: PretrainedWeights) -> Architecture {
    weights.activation.map(with) ?? self
  }

  /// The architecture with other activations; a pooler's MLP follows the image tower. Gates and convolutions keep their own.
  package func with(_ activations: TowerActivations) -> Architecture {
    var copy = self
    if let vision, let activation = activations.vision {
      if !vision.blocks.gated, vision.blocks.layers > 0 { copy.vision?.blocks.activation = activation }
      if case .attention(let heads, let mlpWidth, _) = vision.pooler {
        copy.vision?.pooler = .attention(heads: heads, mlpWidth: mlpWidth, activation: activation)
      }
    }
    if let text = activations.text { copy.text?.blocks.activation = text }
    return copy
  }

  /// The activations of both towers.
  package var activations: TowerActivations {
    TowerActivations(vision: vision?.blocks.activation, text: text?.blocks.activation)
  }
}

/// Why a manifest cannot be used.
public enum ManifestError: ZooError, Equatable {
  /// The file is not JSON of this form.
  case unreadable(file: String, reason: String)
  /// A field has a value that no model can have.
  case impossible(file: String, field: String, reason: String)
  /// Two files of one layer define the same architecture.
  case duplicate(name: String, file: String)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) is not a manifest: \(reason)"
    case .impossible(let file, let field, let reason): "\(file): \(field) \(reason)"
    case .duplicate(let name, let file): "\(file) registers '\(name)', which another manifest of the same rank has"
    }
  }
}

extension ManifestError: JSONFailure {
  package static func json(
    _ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?
  ) -> ManifestError {
    .unreadable(file: file, reason: "\(fault.reason(expected: expected, found: found)) (byte \(offset))")
  }
}
