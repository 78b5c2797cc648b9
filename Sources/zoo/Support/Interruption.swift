import Dispatch
import Foundation
import Synchronization

/// Cleans up when the user or the system stops the process.
enum Interruption {
  private static let stopping = Atomic(false)
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Runs `body`; on SIGINT, SIGTERM or SIGHUP calls `clean` and exits with 128 plus the signal's number.
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

  /// The same for work that can be continued later.
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

  /// Waits until the user or the system asks the process to stop, then returns; a second signal ends the process.
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
      _exit(128 + number)  // other threads still use what was removed: none of their code may run at exit
    }
  }

  /// Handles all signals that stop the process, one after the other.
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

  /// Errors caused by the removal of the folder must not be reported: waits for the handler to end the process.
  private static func waitForTheEnd() {
    while stopping.load(ordering: .sequentiallyConsistent) { usleep(10_000) }
  }
}
