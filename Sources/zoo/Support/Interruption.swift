import Dispatch
import Foundation

/// Cleans up when the user or the system stops the process.
enum Interruption {
  /// Runs `body`; on SIGINT, SIGTERM or SIGHUP calls `clean` and ends the process.
  static func removing<T>(_ clean: @escaping @Sendable () -> Void, _ body: () throws -> T) rethrows -> T {
    let queue = DispatchQueue(label: "zoo.interruption")
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        clean()
        Terminal.write("\nzoo: stopped; nothing was left behind\n")
        exit(128 + number)
      }
      source.resume()
      return source
    }
    defer {
      sources.forEach { $0.cancel() }
      for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    }
    return try body()
  }
}
