import Foundation
import ZooCheckpoints
import ZooModels

/// What the output may replace: only a folder of the same kind, whatever a caller forces.
enum Replacement {
  /// A converted model.
  case model
  /// The result of an export.
  case export

  /// Throws if `path` exists and is neither empty nor of this kind.
  func check(_ path: String) throws(ConvertError) {
    func refuse(_ reason: String) -> ConvertError { .notReplaced(path: path, reason: reason) }
    var information = stat()
    guard lstat(path, &information) == 0 else { return }
    guard information.st_mode & S_IFMT == S_IFDIR else {
      throw refuse(information.st_mode & S_IFMT == S_IFLNK ? "it is a symbolic link" : "it is not a folder")
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path).sorted() else {
      throw refuse("it cannot be read")
    }
    // Finder leaves these behind.
    let present = names.filter { $0 != ".DS_Store" }
    if present.isEmpty { return }
    let known = knownNames(in: path)
    for name in present {
      guard known.contains(name) || self == .export && Self.isShard(name), isRegular(joinPath(path, name)) else {
        throw refuse("it holds '\(name)', which is not part of \(self == .model ? "a model" : "an export")")
      }
    }
    guard self == .model || present.contains(where: { $0.hasSuffix(".safetensors") || $0.hasSuffix(".npz") }) else {
      throw refuse("it holds no weights")
    }
  }

  private func knownNames(in folder: String) -> Set<String> {
    var names = Set(TokenizerFileNames.all)
    switch self {
    case .model:
      names.formUnion([ModelDescription.fileName, ModelDescription.weightsFileName])
      let file = joinPath(folder, ModelDescription.fileName)
      if let description = try? ModelDescription.read(file: file) { names.formUnion(description.tokenizerFiles) }
    case .export:
      names.formUnion([
        "config.json", "preprocessor_config.json", "open_clip_config.json", "model.npz",
      ])
    }
    return names
  }

  /// `model.safetensors`, `open_clip_model-00001-of-00003.safetensors`, and their index.
  private static func isShard(_ name: String) -> Bool {
    name.wholeMatch(of: /(open_clip_)?model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?/) != nil
  }

  private func isRegular(_ path: String) -> Bool {
    var information = stat()
    return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
  }
}
