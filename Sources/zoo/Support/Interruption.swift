import Dispatch
import Foundation

/// Cleans up when the user or the system stops the process.
enum Interruption {
  /// Runs `body`; on SIGINT, SIGTERM or SIGHUP calls `clean` and ends the process.
  static func removing<T>(_ clean: @escaping @Sendable () -> Void, _ body: () throws -> T) rethrows -> T {
    let sources = watch(clean, saying: "stopped; nothing was left behind")
    defer { unwatch(sources) }
    return try body()
  }

  /// The same around work that leaves something to continue with.
  static func keeping<T>(
    _ clean: @escaping @Sendable () -> Void, saying message: String, _ body: () async throws -> T
  ) async rethrows -> T {
    let sources = watch(clean, saying: message)
    defer { unwatch(sources) }
    return try await body()
  }

  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  private static func watch(
    _ clean: @escaping @Sendable () -> Void, saying message: String
  ) -> [any DispatchSourceSignal] {
    let queue = DispatchQueue(label: "zoo.interruption")
    return signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        clean()
        Terminal.write("\nzoo: \(message)\n")
        exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  private static func unwatch(_ sources: [any DispatchSourceSignal]) {
    sources.forEach { $0.cancel() }
    for number in signals { signal(number, SIG_DFL) }
  }
}
