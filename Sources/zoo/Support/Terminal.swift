import Foundation
import ZooTensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Standard error: messages and progress. Results go to standard output.
enum Terminal {
  static let isInteractive = isatty(2) == 1

  static func error(_ message: String) { write("zoo: \(printable(message, keepsLines: true))\n") }

  static func note(_ message: String) { write("\(printable(message, keepsLines: true))\n") }

  /// Writes unchanged: for the control characters of progress bars. Other text must be made printable.
  fileprivate static func write(_ text: String) { try? OpenFile.standardError.write(Data(text.utf8)) }

  /// Columns of the terminal, 80 if there is none.
  static var width: Int {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Columns of the terminal that results go to; nil if that is not a terminal.
  static var resultWidth: Int? {
    var size = winsize()
    return ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
  }
}

/// A progress bar on one line of a terminal; silent if standard error is a file or `--quiet` is given.
final class Progress {
  private let label: String
  private let total: Int
  private let shown: Bool
  private let unit: (Int) -> String
  private let start = ContinuousClock.now
  private var last = ContinuousClock.now - .seconds(1)

  /// - Parameter unit: Formats an amount, such as bytes.
  init(_ label: String, total: Int, quiet: Bool, unit: @escaping (Int) -> String = { "\($0)" }) {
    self.label = label
    self.total = max(total, 1)
    self.unit = unit
    shown = Terminal.isInteractive && !quiet
  }

  /// - Parameter rate: Whether to show the amount per second as well.
  func update(_ done: Int, _ detail: String = "", rate: Bool = false) {
    let now = ContinuousClock.now
    guard shown, done >= total || now - last > .milliseconds(80) else { return }
    last = now
    let fraction = min(1, Double(done) / Double(total))
    let seconds = (now - start).seconds
    let left = fraction > 0.02 && seconds > 1 ? "  \(spanText(Int(seconds / fraction - seconds))) left" : ""
    let speed = rate && seconds > 1 ? formatted("  %.1f a second", Double(done) / seconds) : ""
    let filled = Int(fraction * 24)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    let line = "\(label) \(bar) \(unit(done)) of \(unit(total))\(speed)\(left)  \(printable(detail))"
    Terminal.write("\r\u{1B}[K" + String(line.prefix(Terminal.width - 1)))
  }

  /// Clears the line.
  func finish() { if shown { Terminal.write("\r\u{1B}[K") } }
}

extension Duration {
  var milliseconds: Double { seconds * 1000 }
}
