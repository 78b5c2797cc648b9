import Foundation
import ZooCheckpoints

/// The names of a run's results: `PICTURE.PROMPT.METHOD.ID.png`, in folders as the pictures lie in theirs.
///
/// The id is a digest of the picture's file, the prompt, the model and the settings. So a name depends on nothing else
/// of the run, two different results never share one, and the same result gets it again. Picture and prompt are there
/// to be read: cut so that any file system takes the whole.
struct OutputNames {
  /// The longest name of a result, in bytes of UTF-8: room is left for the name that it has while it is written.
  static let limit = partLimit + 1 + partLimit + 1 + methodLimit + 1 + idLength + 1 + ".layers.npy".utf8.count
  private static let partLimit = 60, methodLimit = 30, idLength = 8

  /// The folder of each picture's results, relative to that of all; empty where all pictures lie in one.
  private let folders: [String: String]

  /// - Parameter pictures: all paths of the run, as they were given.
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
  ///   - path: the picture's, one of those of the run.
  ///   - digest: of the picture's file.
  ///   - prompts: what the result shows: one prompt, or all of a sheet.
  ///   - label: stands where a prompt does, for results of several prompts.
  ///   - method: what made it; empty for sheets of several methods.
  ///   - settings: all that decides what the result shows besides.
  ///   - suffix: an ending such as `png`.
  func name(
    of path: String, digest: String, prompts: [String], label: String? = nil, method: String = "", settings: String,
    suffix: String
  ) -> String {
    let file = Self.fileName(of: path)
    let key = ([file, digest, settings, label ?? ""] + prompts).joined(separator: "\u{0}")
    let stem = (file as NSString).deletingPathExtension
    let words = label ?? Self.words(of: prompts.first ?? "")
    let name = [Self.cut(stem), Self.cut(words), Self.cut(method, to: Self.methodLimit), Self.id(of: key), suffix]
      .filter { !$0.isEmpty }.joined(separator: ".")
    let folder = folders[path] ?? ""
    return folder.isEmpty ? name : "\(folder)/\(name)"
  }

  /// Letters and digits of any script, in lower case with dashes between words.
  static func words(of prompt: String) -> String {
    let kept = prompt.precomposedStringWithCanonicalMapping.lowercased().unicodeScalars.split { scalar in
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

  /// Eight letters and digits that file systems without case keep apart as well.
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
    isOnDisk(path) ? (path as NSString).lastPathComponent : "picture"
  }

  private static func parent(_ path: String) -> [String] {
    URL(filePath: path).standardizedFileURL.deletingLastPathComponent().pathComponents
  }
}
