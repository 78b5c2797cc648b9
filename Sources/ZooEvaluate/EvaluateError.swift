import ZooJSON
import ZooTensors

/// Why something cannot be measured.
public enum EvaluateError: ZooError, Equatable {
  /// A file of the data cannot be read.
  case unreadable(file: String, reason: String)
  /// A result cannot be written.
  case unwritable(file: String, reason: String)
  /// No scene has enough objects.
  case noScenes(file: String, minObjects: Int)
  /// An object's label is not within 1 to 255.
  case badLabel(Int, object: String, scene: String, file: String)
  /// A mask's pixels are not 8-bit labels.
  case notAMask(file: String, mode: String)
  /// A mask and its picture differ in size.
  case maskSize(file: String, expected: String, found: String)
  /// A prompt template has no `{}`.
  case templateWithoutPlace(String)
  /// A MATLAB file cannot be read because the library is missing.
  case noHDF5(file: String, reason: String)
  /// A line of a table or list that cannot be read.
  case badLine(Int, file: String, reason: String)
  /// A preset does not belong to the protocol.
  case noPreset(String, protocolName: String, known: [String])
  /// The data set has no samples.
  case nothing(data: String)
  /// The explainers to compare belong to different models.
  case severalModels
  /// The folder holds a different run, or something else.
  case otherRun(folder: String, difference: String)
  /// The folder does not hold a run or embeddings, or they are damaged.
  case notARun(folder: String, reason: String)
  /// The text is not `i/n` with `i` from 1 to `n`.
  case badShard(String)
  /// The model has no image tower, or no text tower, to embed the inputs with.
  case noEmbeddings(model: String)
  /// The embeddings were made by a different model.
  case otherModel(folder: String, model: String)
  /// The shards belong to different runs.
  case runsDiffer(String, String, difference: String)
  /// Two shards have the same sample.
  case overlap(String, String, sample: String)
  /// The width of a query differs from that of the embeddings.
  case queryWidth(Int, expected: Int)

  public var blame: Blame { if case .unwritable = self { .work } else { .input } }

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
    case .noScenes(let file, let minObjects): "\(file) has no scene with \(minObjects) or more objects"
    case .badLabel(let label, let object, let scene, let file):
      "\(file): '\(object)' of scene \(scene) has label \(label); labels are 1 to 255"
    case .notAMask(let file, let mode):
      "\(file) has pixels of mode \(mode); a mask has 8-bit labels, grey or with a palette"
    case .maskSize(let file, let expected, let found): "\(file) is \(found) pixels, its picture is \(expected)"
    case .templateWithoutPlace(let template): "'\(template)' has no {} where the name goes"
    case .noHDF5(let file, let reason):
      "\(file) needs the HDF5 library, but \(reason): install libhdf5-103-1 (Debian) or hdf5 (Homebrew), or export the set as a folder "
        + "with images, masks and data.csv (index, wnid)"
    case .badLine(let line, let file, let reason): "\(file), line \(line): \(reason)"
    case .noPreset(let name, let protocolName, let known):
      "\(protocolName) has no preset '\(name)'; "
        + (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))")
    case .severalModels: "the ways to explain that are compared are of different models"
    case .nothing(let data): "\(data) has nothing that can be measured"
    case .otherRun(let folder, let difference):
      "\(folder) holds a run with other settings (\(difference)); give another folder with --run"
    case .notARun(let folder, let reason): "\(folder) is not the folder of a run: \(reason)"
    case .badShard(let text): "'\(text)' is not a shard: write i/n, with i from 1 to n"
    case .noEmbeddings(let model): "\(model) is a classifier: it gives logits, not embeddings"
    case .otherModel(let folder, let model):
      "\(folder) was not made by \(model): its weights or its preprocessing are different; name the right model with --model"
    case .runsDiffer(let a, let b, let difference): "\(a) and \(b) cannot be merged: \(difference)"
    case .overlap(let a, let b, let sample): "\(a) and \(b) both have the sample \(sample)"
    case .queryWidth(let found, let expected):
      "the query has \(found) numbers, and the embeddings have \(expected): another model made it"
    }
  }
}

extension EvaluateError: JSONFailure {
  package static func json(
    _ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?
  ) -> EvaluateError {
    .unreadable(file: file, reason: "\(fault.reason(expected: expected, found: found)) (byte \(offset))")
  }
}
