import Dispatch
import Foundation
import Synchronization

/// Cleans up when the user or the system stops the process.
enum Interruption {
  private static let stopping = Atomic(false)

  /// Runs `body`; on SIGINT, SIGTERM or SIGHUP calls `clean` and ends the process with 128 and the signal's number.
  static func removing<T>(_ clean: @escaping @Sendable () -> Void, _ body: () throws -> T) throws -> T {
    let queue = DispatchQueue(label: "zoo.interruption")
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        stopping.store(true, ordering: .sequentiallyConsistent)
        clean()
        Terminal.write("\nzoo: stopped; nothing was left behind\n")
        _exit(128 + number)  // other threads still work on what is gone: nothing of theirs may run at exit
      }
      source.resume()
      return source
    }
    defer {
      sources.forEach { $0.cancel() }
      for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    }
    do {
      return try body()
    } catch {
      // What fails because its folder was just removed is not to be reported: the handler ends the process.
      while stopping.load(ordering: .sequentiallyConsistent) { usleep(10_000) }
      throw error
    }
  }
}
