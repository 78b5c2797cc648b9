import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// A folder that is removed with the value.
final class ScratchFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "zoo-convert-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func isFolder(_ name: String) -> Bool {
    (try? FileManager.default.contentsOfDirectory(atPath: file(name))) != nil
  }

  /// Everything in the folder, including hidden files.
  var contents: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// Copies golden files here under their own names.
  func copy(_ golden: String...) throws {
    for path in golden {
      try FileManager.default.copyItem(
        atPath: Golden.url(path).path, toPath: file((path as NSString).lastPathComponent))
    }
  }
}

func golden(_ path: String) -> String { Golden.url("models/\(path)").path }

/// What the tensors of a golden model do not reveal.
func goldenOptions(_ model: String) -> ConversionOptions {
  var options = ConversionOptions()
  switch model {
  case "siglip": (options.visionHeads, options.visionActivation) = (4, .gelu)
  case "siglip2": (options.visionHeads, options.visionActivation) = (3, .gelu)
  case "vit_classifier": options.visionHeads = 4
  default: break
  }
  return options
}

/// Identifies and plans; fails the test if the plan has problems.
func planned(
  _ path: String, _ options: ConversionOptions = ConversionOptions(), dtype: TargetDType = .keep
) throws -> Conversion {
  let conversion = try Conversion(Checkpoint.open(path), options: options, registry: .builtIn, dtype: dtype)
  #expect(conversion.plan.problems == [])
  return conversion
}

/// Converts to a folder and opens the written weights.
func converted(
  _ path: String, _ options: ConversionOptions = ConversionOptions(), in scratch: ScratchFolder,
  dtype: TargetDType = .keep
) throws -> (model: IdentifiedModel, weights: Checkpoint, description: ModelDescription) {
  let conversion = try planned(path, options, dtype: dtype)
  let model = conversion.model
  let target = scratch.file(UUID().uuidString)
  let description = try conversion.write(to: target)
  return (model, try Checkpoint.open("\(target)/weights.safetensors"), description)
}

/// The bytes of all tensors by name, with dtype and shape.
func contents(_ weights: Checkpoint) throws -> [String: String] {
  try Dictionary(
    uniqueKeysWithValues: weights.entries.map { entry in
      let tensor = try weights.tensor(entry.name)
      return (entry.name, "\(entry.dtype.rawValue) \(entry.shape) \(sha256(of: tensor.data.bytes))")
    })
}

/// All notes except those about tokenizers, which these checkpoints lack.
func withoutTokenizerNotes(_ notes: [String]) -> [String] {
  notes.filter { !$0.hasPrefix("There are no tokenizer files") }
}
