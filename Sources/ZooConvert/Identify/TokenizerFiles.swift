import Foundation
import ZooCheckpoints
import ZooModels
import ZooText

/// Where to look for a tokenizer: a folder, or one of its files.
struct TokenizerPlace {
  let folder: String
  /// The file that was named; nil for a folder.
  let file: String?
  private let names: [String]

  /// Nil if nothing exists there.
  init?(_ path: String) {
    let place = path.isEmpty ? "." : path
    guard fileExists(place) else { return nil }
    (folder, file) = isFolder(place) ? (path, nil) : splitPath(path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    self.names = names
  }

  /// Files beside a vocabulary that say which tokens are special.
  var settings: [String] { TokenizerFileNames.settings.filter(names.contains) }
  var url: URL { URL(filePath: folder.isEmpty ? "." : folder, directoryHint: .isDirectory) }

  /// The best complete set of files of a kind; the one containing the named file, if any. The extension of a file with an unusual name tells its
  /// kind, otherwise it is of the expected kind.
  func files(of kind: TokenizerSpec.Kind, expected: TokenizerSpec.Kind) -> [String]? {
    let sets = kind.fileSets(among: names)
    guard let file else { return sets.first }
    if let set = sets.first(where: { $0.contains(file) }) { return set }
    let isKnown = TokenizerSpec.Kind.allCases.contains { $0.fileSets(among: [file]).contains([file]) }
    let own: TokenizerSpec.Kind = file.hasSuffix(".model") ? .sentencePiece : expected
    return !isKnown && own == kind ? [file] : nil
  }

  func paths(_ names: [String]) -> [String] { names.map { joinPath(folder, $0) } }
  func urls(_ names: [String]) -> [URL] { names.map { url.appending(path: $0) } }
}
