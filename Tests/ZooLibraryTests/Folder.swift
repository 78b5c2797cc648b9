import Dispatch
import Foundation
import Synchronization
import Zoo
import ZooTestSupport

/// A folder that is removed with its owner.
final class Folder: Sendable {
  let url = FileManager.default.temporaryDirectory.appending(path: "zoo-library-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  /// The paths of all files in it, including hidden ones, without folders.
  var files: [String] {
    let all = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
    return all.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: url.appending(path: name).path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }
}

/// The demo checkpoint and the demo scenes.
enum Demo {
  static let checkpoint = Golden.repository.appending(path: "Examples/ViT-Ti-8-emoji/open_clip_model.safetensors")
  static func scene(_ number: Int) -> URL { Golden.repository.appending(path: "Examples/examples/scene\(number).jpg") }
  /// The first few of the scenes with masks.
  static func scenes(_ count: Int) throws -> MaskedPictures {
    let all = MaskedPictures(
      try SceneFolder(Golden.repository.appending(path: "Examples/eval")), minObjects: 2)
    return MaskedPictures(classes: all.classes, pictures: Array(all.pictures.prefix(count)))
  }
}

/// The values passed to a progress closure, from any thread.
final class Told<Value: Sendable>: Sendable {
  private let list = Mutex<[Value]>([])
  var all: [Value] { list.withLock { $0 } }
  func add(_ value: Value) { list.withLock { $0.append(value) } }
}

/// Runs work in a task that is cancelled as soon as the work asks for it.
func cancelled<Output: Sendable>(
  _ work: @escaping @Sendable (_ cancel: @escaping @Sendable () -> Void) async throws -> Output
) async -> Result<Output, any Error> {
  let running = Mutex<Task<Output, any Error>?>(nil), begun = DispatchSemaphore(value: 0)
  let task = Task {
    try await work {
      begun.wait()
      begun.signal()
      running.withLock { $0 }?.cancel()
    }
  }
  running.withLock { $0 = task }
  begun.signal()
  return await task.result
}
