import Foundation
import ZooCheckpoints
import ZooText

/// The names of a run's results: `PICTURE.PROMPT.METHOD.ID.png`, in folders that mirror those of the pictures.
///
/// The id is a digest of the picture's file, the prompt, the model and the settings. So a name depends on nothing else in the run, two different
/// results never share one, and the same result always gets the same name. Picture and prompt are there for people to read: shortened so that every
/// file system accepts the whole.
struct OutputNames {
  /// The longest name of a result, in UTF-8 bytes, which leaves room for its temporary name while it is written.
  static let limit = partLimit + 1 + partLimit + 1 + methodLimit + 1 + idLength + 1 + ".layers.npy".utf8.count
  private static let partLimit = 60, methodLimit = 30, idLength = 8

  /// The folder of each picture's results, relative to the output folder; empty if all pictures are in one folder.
  private let folders: [String: String]

  /// - Parameter pictures: All paths of the run, as given.
  init(pictures: [String]) {
    let parents = pictures.filter { Self.isOnDisk($0) }.map { ($0, Self.parent($0)) }
    var common = parents.first?.1 ?? []
    for (_, parent) in parents {
      common = Array(zip(common, parent).prefix { $0 == $1 }.map(\.0))
    }
    let depth = common.count
    folders = Dictionary(parents.map { ($0, $1.dropFirst(depth).joined(separator: "/")) }) { first, _ in first }
  }

  /// All folders that results go to.
  var allFolders: Set<String> { Set(folders.values) }

  /// - Parameters:
  ///   - path: The path of the picture, one of those of the run.
  ///   - digest: The digest of the picture's file.
  ///   - prompts: What the result shows: one prompt, or all of a sheet.
  ///   - label: Used in place of a prompt, for results of several prompts.
  ///   - method: The method; empty for sheets of several methods.
  ///   - settings: Everything else that decides what the result shows.
  ///   - suffix: An extension such as `png`.
  func name(
    of path: String, digest: String, prompts: [String], label: String? = nil, method: String = "", settings: String,
    suffix: String
  ) -> String {
    let file = Self.fileName(of: path)
    let key = ([file, digest, settings, label ?? ""] + prompts).joined(separator: "\u{0}")
    let stem = file.deletingPathExtension
    let words = label ?? Self.words(of: prompts.first ?? "")
    let name = [Self.cut(stem), Self.cut(words), Self.cut(method, to: Self.methodLimit), Self.id(of: key), suffix]
      .filter { !$0.isEmpty }.joined(separator: ".")
    let folder = folders[path] ?? ""
    return folder.isEmpty ? name : "\(folder)/\(name)"
  }

  /// Letters and digits of any script, in lower case with dashes between words.
  static func words(of prompt: String) -> String {
    let kept = prompt.composed.lowercased().unicodeScalars.split { scalar in
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
        .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
        false
      default: true
      }
    }
    return kept.map { String(String.UnicodeScalarView($0)) }.joined(separator: "-")
  }

  /// As many characters as fit into a part of a name.
  private static func cut(_ text: String, to limit: Int = partLimit) -> String {
    var result = "", size = 0
    for character in text {
      size += character.utf8.count
      if size > limit { break }
      result.append(character)
    }
    return result
  }

  /// Eight letters and digits that remain distinct on case-insensitive file systems.
  private static func id(of key: String) -> String {
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    var key = key
    let digest = key.withUTF8 { sha256(of: UnsafeRawBufferPointer($0)) }
    let bits = digest.bytes.prefix(5).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return String(
      decoding: (0..<idLength).map { alphabet[Int(bits >> UInt64(35 - 5 * $0)) & 31] }, as: UTF8.self)
  }

  private static func isOnDisk(_ path: String) -> Bool { path != "-" && !path.hasPrefix("/dev/") }

  private static func fileName(of path: String) -> String {
    isOnDisk(path) ? path.lastPathComponent : "picture"
  }

  private static func parent(_ path: String) -> [String] {
    URL(filePath: path).standardizedFileURL.deletingLastPathComponent().pathComponents
  }
}
