import Foundation
import Testing
import ZooModels
import ZooTestSupport
import ZooText

/// Ids or texts in one golden file, each with the string it belongs to.
struct GoldenStrings {
  let object: [String: Any]
  let strings: [String]

  init(_ path: String) throws {
    object = try #require(try Golden.json(path) as? [String: Any])
    // JSONSerialization drops a byte order mark at the beginning of a string, JSONDecoder does not.
    strings = try JSONDecoder().decode(Strings.self, from: Data(try Golden.bytes(path))).strings
  }

  private struct Strings: Decodable { let strings: [String] }

  /// A column of ids: an array, or an object with `ids`.
  func ids(_ column: String) throws -> [[Int32]] {
    let value = object[column]
    let rows = try #require((value as? [[Int]]) ?? ((value as? [String: Any])?["ids"] as? [[Int]]))
    #expect(rows.count == strings.count)
    return rows.map { $0.map { Int32($0) } }
  }

  func flags(_ column: String) throws -> [Bool] { try #require(object[column] as? [Bool]) }
  func texts(_ column: String) throws -> [String] { try #require(object[column] as? [String]) }
}

/// The strings whose rows differ, as readable text.
func differing(_ strings: [String], _ got: [[Int32]], _ want: [[Int32]]) -> [String] {
  zip(strings, zip(got, want)).filter { $1.0 != $1.1 }.map { visible($0.0) }
}

/// Non-ASCII scalars and control characters escaped, so that lists of them can be compared and read.
func visible(_ text: String) -> String {
  text.unicodeScalars.map { $0.value < 0x20 || $0.value > 0x7E ? "<\(String($0.value, radix: 16))>" : String($0) }
    .joined()
}

let tokenizerFolder = Golden.url("tokenizers")
let fullCLIPFolder = Golden.repository.appending(path: "Examples/ViT-Ti-8-emoji")
let siglipExampleFolder = Golden.repository.appending(path: "Examples/ViT-Ti-8-SigLIP-emoji")

func load(
  _ kind: TokenizerSpec.Kind, _ folder: URL, context: Int = 77, pad: Int = 0, clean: TokenizerSpec.Clean? = nil,
  bos: Int? = nil, eos: Int? = nil, strip: Bool = false
) throws -> any PromptTokenizer {
  try loadTokenizer(
    TokenizerSpec(
      kind: kind, contextLength: context, padID: pad, clean: clean, bosID: bos, eosID: eos, stripSeparator: strip),
    from: folder)
}
