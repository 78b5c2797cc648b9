import Foundation
import ZooJSON
import ZooModels

/// Pictures with named objects and a mask of labels for each: a folder with `scenes.json`.
public struct SceneFolder: Sendable {
  /// The name of `scenes.json`, in the folder.
  public static let fileName = "scenes.json"

  /// In the order of the file.
  public let scenes: [Scene]

  /// A picture with named objects.
  public struct Scene: Sendable {
    /// The name of the scene in rows and reports.
    public let id: String
    /// The picture's file.
    public let image: URL
    /// A picture of the same size whose pixels are labels: 0 for the background, or an object's label.
    public let mask: URL
    /// The objects in the mask.
    public let objects: [Object]
  }

  /// One object of a scene.
  public struct Object: Sendable, Hashable, Decodable {
    /// The object's value in the mask, 1...255.
    public let label: Int
    /// Its name, from which prompts are made.
    public let name: String
  }

  /// Reads `scenes.json`; the pictures are read when they are needed. Throws an `EvaluateError`.
  public init(_ folder: URL) throws {
    let file = folder.appending(path: Self.fileName), path = file.path(percentEncoded: false)
    guard let json = try? Data(contentsOf: file) else {
      throw EvaluateError.unreadable(file: path, reason: "it is missing or may not be read")
    }
    let content: Content
    try checkJSON(json, file: path, failure: EvaluateError.self)
    do {
      content = try JSONDecoder().decode(Content.self, from: json)
    } catch let error as DecodingError {
      throw EvaluateError.unreadable(file: path, reason: plainReason(of: error))
    }
    scenes = try content.scenes.map { scene in
      if let bad = scene.objects.first(where: { !(1...255).contains($0.label) }) {
        throw EvaluateError.badLabel(bad.label, object: bad.name, scene: scene.id, file: path)
      }
      return Scene(
        id: scene.id, image: place(scene.image, in: folder), mask: place(scene.mask, in: folder), objects: scene.objects
      )
    }
  }

  private struct Content: Decodable {
    let scenes: [Entry]

    struct Entry: Decodable {
      let id: String
      let image: String
      let mask: String
      let objects: [Object]
    }
  }
}

/// A path in the file: relative to the folder, or absolute.
private func place(_ path: String, in folder: URL) -> URL {
  path.hasPrefix("/") ? URL(filePath: path) : folder.appending(path: path)
}
