import Foundation
import ZooJSON
import ZooModels

/// What a configuration file beside the weights says about a model.
struct Configuration {
  /// The name of the file, for notes.
  let file: String
  var embedding: Int
  /// Nil if the file names an image tower of timm without its dimensions.
  var vision: VisionTower?
  /// What is known about an image tower that is only named.
  var visionChoices = VisionChoices()
  var text: TextTower?
  /// What is known about a text tower that is only named.
  var huggingFaceText: HuggingFaceTextModel?
  var logitBias: Bool
  /// The divisor of the cosine if no tensor holds it.
  var temperature: Float?
  var preprocessing: Preprocessing
  var labels: [String]?
  var notes: [String] = []
  /// Notes about its keys, whether it wins or not.
  var keyNotes: [String] = []

  /// Nil if it does not describe all of the image tower that the part has.
  func architecture(name: String, part: ModelPart) -> Architecture? {
    guard part == .textTower || vision != nil else { return nil }
    return Architecture(
      name: name, family: .custom, embedding: embedding, vision: vision, text: text,
      logitScale: temperature == nil ? nil : false, temperature: temperature, logitBias: logitBias
    ).half(part)
  }
}

/// Reads a JSON file with a known structure; throws a `ConvertError` that names the file and the field.
func readJSON<Value: Decodable>(_ type: Value.Type, _ path: String) throws(ConvertError) -> Value {
  try readJSON(type, path, manifestDecoder())
}

/// Reads any JSON file, with its keys as they are spelled.
func readPlainJSON(_ path: String) throws(ConvertError) -> ConfigurationValue {
  try readJSON(ConfigurationValue.self, path, JSONDecoder())
}

private func readJSON<Value: Decodable>(
  _ type: Value.Type, _ path: String, _ decoder: JSONDecoder
) throws(ConvertError) -> Value {
  func fail(_ reason: String) -> ConvertError { .configuration(file: path, reason: reason) }
  let data: Data
  do throws(FileError) { data = try readFile(path, limit: Limits.descriptionBytes) } catch { throw fail(error.reason) }
  if data.isEmpty { throw fail("it is empty") }
  try checkJSON(data, file: path, failure: ConvertError.self)
  do {
    return try decoder.decode(type, from: data)
  } catch let error as DecodingError {
    throw fail(plainReason(of: error))
  } catch {
    throw fail("it is not JSON")
  }
}

/// One or two sides of a picture in a configuration: `224`, `[224, 224]`, `{"height": 224, "width": 224}`, `{"shortest_edge": 224}`.
struct ConfiguredSize: Decodable {
  var size: GridSize
  /// True for `shortest_edge` and for a single number.
  var isShortestEdge = false

  private enum Key: String, CodingKey { case height, width, shortestEdge }

  init(from decoder: any Decoder) throws {
    if let values = try? decoder.container(keyedBy: Key.self) {
      if let edge = try values.decodeIfPresent(Int.self, forKey: .shortestEdge) {
        (size, isShortestEdge) = (GridSize(height: edge, width: edge), true)
      } else {
        size = GridSize(
          height: try values.decode(Int.self, forKey: .height), width: try values.decode(Int.self, forKey: .width))
      }
    } else if let side = try? decoder.singleValueContainer().decode(Int.self) {
      (size, isShortestEdge) = (GridSize(height: side, width: side), true)
    } else {
      size = try GridSize(from: decoder)
    }
  }
}

/// A number for each channel, or one for all.
struct ChannelValues: Decodable {
  let values: [Float]

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let one = try? value.decode(Float.self) {
      values = [one, one, one]
    } else {
      values = try value.decode([Float].self)
    }
  }
}

/// The name of an activation in timm, open_clip or transformers.
func activation(named name: String, file: String) throws(ConvertError) -> Activation {
  switch name.lowercased() {
  case "gelu", "gelu_python": .gelu
  case "gelu_tanh", "gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_python_tanh": .geluTanh
  case "quick_gelu", "quickgelu": .quickGELU
  default:
    throw .configuration(
      file: file, reason: "its activation '\(name)' does not run: zoo runs gelu, gelu_tanh and quick_gelu")
  }
}

/// `int(width * ratio)` as Python computes it, within reason.
func hiddenWidth(_ width: Int, _ ratio: Double, file: String) throws(ConvertError) -> Int {
  let hidden = (Double(width) * ratio).rounded(.towardZero)
  guard hidden >= 1, hidden <= 1_000_000 else {
    throw .configuration(file: file, reason: "its mlp_ratio \(ratio) gives no possible width")
  }
  return Int(hidden)
}

/// Rejects preprocessing that cannot be computed.
func checked(_ preprocessing: Preprocessing, file: String) throws(ConvertError) -> Preprocessing {
  guard preprocessing.mean.count == 3, preprocessing.std.count == 3 else {
    throw .configuration(file: file, reason: "mean and std must have three numbers each")
  }
  guard preprocessing.mean.allSatisfy(\.isFinite), preprocessing.std.allSatisfy({ $0.isFinite && $0 > 0 }) else {
    throw .configuration(file: file, reason: "std must be positive, not \(preprocessing.std)")
  }
  return preprocessing
}

// No width, count or token id in a configuration needs more than 32 bits, and sums and products of 32-bit numbers do not overflow: the synthesised
// decoders of this module call this.
extension KeyedDecodingContainer {
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { Int(try decode(Int32.self, forKey: key)) }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    try decodeIfPresent(Int32.self, forKey: key).map(Int.init)
  }
}
