import Dispatch
import Foundation
import Synchronization

/// Cleans up when the user or the system stops the process.
enum Interruption {
  private static let stopping = Atomic(false)
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Runs `body`; on SIGINT, SIGTERM or SIGHUP calls `clean` and ends the process with 128 and the signal's number.
  static func removing<T>(
    _ clean: @escaping @Sendable () -> Void, saying message: String = "stopped; nothing was left behind",
    _ body: () throws -> T
  ) throws -> T {
    let sources = watch(clean, saying: message)
    defer { unwatch(sources) }
    do {
      return try body()
    } catch {
      waitForTheEnd()
      throw error
    }
  }

  /// The same around work that leaves something to continue with.
  static func keeping<T>(
    _ clean: @escaping @Sendable () -> Void, saying message: String, _ body: () async throws -> T
  ) async throws -> T {
    let sources = watch(clean, saying: message)
    defer { unwatch(sources) }
    do {
      return try await body()
    } catch {
      waitForTheEnd()
      throw error
    }
  }

  /// Waits until the user or the system stops the process, which goes on from there; a second time ends it.
  static func wait() async {
    var sources: [any DispatchSourceSignal] = []
    await withCheckedContinuation { continuation in
      let once = Mutex<CheckedContinuation<Void, Never>?>(continuation)
      sources = watch { number in
        once.withLock { continuation in
          if continuation == nil { _exit(128 + number) }
          continuation?.resume()
          continuation = nil
        }
      }
    }
    withExtendedLifetime(sources) {}
  }

  private static func watch(
    _ clean: @escaping @Sendable () -> Void, saying message: String
  ) -> [any DispatchSourceSignal] {
    watch { number in
      stopping.store(true, ordering: .sequentiallyConsistent)
      clean()
      Terminal.note("\nzoo: \(message)")
      _exit(128 + number)  // other threads still work on what is gone: nothing of theirs may run at exit
    }
  }

  /// Has each signal that stops the process handled, one after the other.
  private static func watch(_ handle: @escaping @Sendable (Int32) -> Void) -> [any DispatchSourceSignal] {
    let queue = DispatchQueue(label: "zoo.interruption")
    return signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { handle(number) }
      source.resume()
      return source
    }
  }

  private static func unwatch(_ sources: [any DispatchSourceSignal]) {
    sources.forEach { $0.cancel() }
    for number in signals { signal(number, SIG_DFL) }
  }

  /// What fails because its folder was just removed is not to be reported: the handler ends the process.
  private static func waitForTheEnd() {
    while stopping.load(ordering: .sequentiallyConsistent) { usleep(10_000) }
  }
}
