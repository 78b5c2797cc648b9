import Foundation
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooRuntime
import ZooTestSupport

/// A golden case: its description, a model converted from one of its checkpoints, and its expected arrays.
package struct GoldenModel: Sendable {
  package let model: ZooModel
  private let folder: String
  private let tolerances: [String: [String: Double]]

  /// Converts a checkpoint in `Tests/Golden/GROUP/NAME/checkpoints` to a temporary folder.
  ///
  /// - Parameters:
  ///   - group: `models`, or `families` for those made by `Tools/golden/make_families.py`.
  ///   - configuration: The layout whose `open_clip_config.json` describes it, if it has none beside it.
  ///   - algebra: The algebra for products; by default the model's choice.
  package init(
    _ name: String, _ checkpoint: String, group: String = "models", configuration: String? = nil,
    algebra: (any LinearAlgebra)? = nil, adjust: (inout ConversionOptions) -> Void = { _ in }
  ) throws {
    folder = "\(group)/\(name)"
    guard let file = try Golden.json("\(folder)/case.json") as? [String: Any],
      let expected = file["expected"] as? [String: [String: [String: Any]]]
    else { throw CocoaError(.fileReadCorruptFile) }
    tolerances = expected.mapValues { $0.compactMapValues { $0["atol"] as? Double } }
    let target = FileManager.default.temporaryDirectory.appending(path: "zoo-golden-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: target) }  // open mappings keep the weights
    try Self.convert(name, checkpoint, group: group, configuration: configuration, to: target, adjust: adjust)
    model = try ZooModel(directory: target, algebra: algebra)
    if model.architecture.text != nil { _ = try? model.tokenizer() }
  }

  /// Converts a golden checkpoint to a folder chosen by the caller.
  package static func convert(
    _ name: String, _ checkpoint: String, group: String = "models", configuration: String? = nil, to target: URL,
    adjust: (inout ConversionOptions) -> Void = { _ in }
  ) throws {
    let folder = "\(group)/\(name)"
    let file = try Golden.json("\(folder)/case.json") as? [String: Any] ?? [:]
    var options = ConversionOptions()
    if let place = (file["tokenizer"] as? [String: Any])?["folder"] as? String {
      options.tokenizer = Golden.url("\(folder)/\(place)").standardizedFileURL.path
    }
    if let configuration {
      options.configuration = Golden.url("\(folder)/checkpoints/\(configuration)/open_clip_config.json").path
    }
    // What no file beside the weights says; it is in `case.json`.
    options.visionHeads = ["siglip": 4, "siglip2": 3, "vit_classifier": 4][name]
    if name.hasPrefix("hf_") { options.textHeads = 4 }
    adjust(&options)
    let source = try Checkpoint.open(Golden.url("\(folder)/checkpoints/\(checkpoint)").path)
    try Conversion(source, options: options, registry: .builtIn).write(to: target.path)
  }

  /// A demo model in `Examples`.
  package static func demo(_ name: String, textCache: URL? = nil) throws -> ZooModel {
    let target = FileManager.default.temporaryDirectory.appending(path: "zoo-demo-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: target) }  // open mappings keep the weights
    let path = Golden.repository.appending(path: "Examples/\(name)/open_clip_model.safetensors").path
    try Conversion(opening: path, registry: .builtIn).write(to: target.path)
    let model = try ZooModel(directory: target, textCache: textCache)
    _ = try model.tokenizer()
    return model
  }

  /// The arrays in one of the case's expected files, with the tolerances from `case.json` or from a JSON file beside them.
  package func expected(_ file: String) throws -> Expected {
    let path = "\(folder)/expected/\(file)"
    var tolerances = tolerances[file]
    if tolerances == nil {
      let facts = try? Golden.json(path.replacing(".npz", with: ".json")) as? [String: [String: Any]]
      tolerances = facts?.compactMapValues { $0["atol"] as? Double }
    }
    return Expected(arrays: try Golden.arrays(path), tolerances: tolerances ?? [:])
  }

  package struct Expected: Sendable {
    package let arrays: [String: GoldenArray]
    let tolerances: [String: Double]

    package subscript(_ key: String) -> GoldenArray { arrays[key]! }

    /// The largest difference that counts as equal.
    package func tolerance(of key: String) -> Float { Float(tolerances[key] ?? 0) }

    /// How far `values` are from an array, as a fraction of its tolerance: at most 1 if they agree.
    ///
    /// - Parameter share: The allowed difference as a fraction of the array's largest number, if that is larger; see `Arithmetic`.
    package func distance(_ values: [Float], to key: String, row: Int? = nil, share: Double = 0) -> Double {
      guard var want = arrays[key], var tolerance = tolerances[key] else { return .infinity }
      if share > 0 { tolerance = max(tolerance, share * (want.doubles.map(abs).max() ?? 0)) }
      if let row { want = want[row] }
      guard want.count == values.count else { return .infinity }
      return zip(values, want.doubles).reduce(0) { worst, pair in
        let difference = abs(Double(pair.0) - pair.1)
        return difference.isNaN ? .infinity : max(worst, difference / tolerance)
      }
    }
  }
}
