import Dispatch

/// Work that starts at once on a thread of its own.
final class BackgroundTask<Value: Sendable>: @unchecked Sendable {
  private let done = DispatchGroup()
  private var result: Result<Value, any Error>?

  init(_ work: @escaping @Sendable () throws -> Value) {
    DispatchQueue.global(qos: .userInitiated).async(group: done) { self.result = Result { try work() } }
  }

  /// Waits for the result, or throws.
  func wait() throws -> Value {
    done.wait()
    return try result!.get()
  }
}
