import ZooJSON
import ZooModels
import ZooTensors

/// Why a checkpoint cannot be converted.
public enum ConvertError: ZooError, Equatable {
  /// No layout has these keys.
  case unknownLayout(path: String, Diagnosis)
  /// Several layouts have these keys.
  case severalLayouts(path: String, layouts: [String])
  /// The shapes do not determine the model: the candidates, and the options that decide.
  case undecided(path: String, undecided: [String], candidates: [ModelName], options: [String])
  /// The architecture is known but cannot be converted.
  case unsupported(path: String, architecture: String, reason: String)
  /// A file beside the weights cannot be used.
  case configuration(file: String, reason: String)
  /// The `config.json` of a different kind of model.
  case otherModelType(file: String, type: String, known: String)
  /// A `config.json` with none of the keys that identify its kind.
  case otherConfiguration(file: String)
  /// A value in a file beside the weights that would change the result and is not supported. The remedy is a clause.
  case unusableValue(file: String, key: String, value: String, remedy: String)
  /// The requested architecture does not match these tensors.
  case problems(path: String, architecture: String, problems: [PlanProblem])
  /// `--like` cannot be followed.
  case badLike(String, reason: String)
  /// An image tower and a text tower do not fit together.
  case notJoinable(image: String, text: String, reason: String)
  /// The ecosystem has no equivalent for a model.
  case notExportable(model: String, format: String, reason: String)
  /// A part that the layout omits as zero is not zero in this model.
  case notZero(model: String, part: String, format: String)
  /// The target exists and was not to be replaced.
  case outputExists(String)
  /// The target exists and is not of the kind that would be written.
  case notReplaced(path: String, reason: String)
  /// The disk is full, or the folder is not writable.
  case writeFailed(path: String, reason: String)
  /// The tensor that was read back differs from the source.
  case digestMismatch(tensor: String, file: String)
  /// The caller cancelled the conversion; nothing was left behind.
  case cancelled

  public var blame: Blame {
    switch self {
    case .writeFailed, .digestMismatch, .cancelled: .work
    default: .input
    }
  }

  /// Whether this is a configuration of another program, which says nothing about the weights.
  var isForeignConfiguration: Bool {
    switch self {
    case .otherModelType, .otherConfiguration: true
    default: false
    }
  }

  public var description: String {
    switch self {
    case .unknownLayout(let path, let diagnosis): return "\(path) \(diagnosis.description)"
    case .severalLayouts(let path, let layouts):
      return "\(path) has the tensors of several layouts at once (\(layouts.joined(separator: ", ")))"
    case .undecided(let path, let undecided, let candidates, let options):
      let list = candidates.isEmpty ? "" : "; its shapes fit \(candidates.map(\.description).joined(separator: ", "))"
      return "\(path) does not say \(undecided.joined(separator: ", "))\(list); "
        + "settle it with \(options.joined(separator: " "))"
    case .unsupported(let path, let architecture, let reason):
      return "\(path) is a \(architecture), which cannot be converted: \(reason)"
    case .otherModelType(let file, let type, let known):
      return "\(file) cannot be used: its model_type '\(type)' is not one of \(known)"
    case .otherConfiguration(let file):
      return "\(file) cannot be used: it has none of 'model_cfg' (OpenCLIP), 'model_type' (Hugging Face) and "
        + "'architecture' (timm)"
    case .configuration(let file, let reason): return "\(file) cannot be used: \(reason)"
    case .unusableValue(let file, let key, let value, let remedy):
      return "\(file) cannot be used: '\(key)' is \(value), which cannot be honoured; \(remedy)"
    case .problems(let path, let architecture, let problems):
      let more = problems.count > 1 ? " (and \(problems.count - 1) more problems)" : ""
      return "\(path) cannot become a \(architecture): \(problems.first?.description ?? "")\(more)"
    case .badLike(let tag, let reason): return "--like \(tag) cannot be followed: \(reason)"
    case .notJoinable(let image, let text, let reason): return "\(image) and \(text) cannot be joined: \(reason)"
    case .notExportable(let model, let format, let reason):
      return "\(model) cannot be exported to \(format): \(reason)"
    case .notZero(let model, let part, let format):
      return "\(model) cannot be exported to \(format): there is no place for \(part), which is not zero"
    case .outputExists(let path): return "\(path) exists already"
    case .notReplaced(let path, let reason): return "\(path) is not replaced: \(reason)"
    case .writeFailed(let path, let reason): return "\(path) cannot be written: \(reason)"
    case .digestMismatch(let tensor, let file):
      return "\(file): '\(tensor)' reads back differently from what was written"
    case .cancelled: return "the conversion was cancelled"
    }
  }
}

/// Why a layout is not that of a checkpoint.
public struct LayoutMismatch: Sendable, Hashable {
  /// The layout's name.
  public let layout: String
  /// Clauses such as `there is no 'visual.conv1.weight'`.
  public let reasons: [String]
}

extension ConvertError: JSONFailure {
  package static func json(
    _ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?
  ) -> ConvertError {
    .configuration(file: file, reason: "\(fault.reason(expected: expected, found: found)) (byte \(offset))")
  }
}
