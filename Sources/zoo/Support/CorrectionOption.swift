import Foundation
import ZooExplain

/// The value of `--correct` and `--correct-threshold`.
enum CorrectionOption: Equatable {
  case off
  case on(Correction)

  static let help = """
    off, or a prompt that names nothing: places where that prompt's own map is high are set to 0 in all maps.
    """

  /// Parses `off`, `PROMPT`, or `PROMPT,THRESHOLD` if no separate threshold is given.
  init(_ text: String, threshold: Float?) throws(CallError) {
    let plain = text.trimmed
    if plain.lowercased() == "off" {
      self = .off
      return
    }
    func check(_ value: Float) throws(CallError) -> Float {
      guard (0...1).contains(value) else { throw .badCorrection(text, reason: "the threshold must be between 0 and 1") }
      return value
    }
    var prompt = plain, found = try threshold.map { value throws(CallError) in try check(value) }
    if found == nil, let comma = plain.lastIndex(of: ",") {
      let tail = plain[plain.index(after: comma)...].trimmed
      if let value = Float(tail) {
        (prompt, found) = (plain[..<comma].trimmed, try check(value))
      } else if tail.isEmpty || tail.first.map({ $0.isNumber || "+-.".contains($0) }) == true {
        throw .badCorrection(
          text, reason: "'\(tail)' is not a number; where it belongs to the prompt, add --correct-threshold 0.8")
      }
    }
    guard !prompt.isEmpty else {
      throw .badCorrection(text, reason: "the prompt is blank; write 'off' for no correction")
    }
    self = .on(Correction(prompt: prompt, threshold: found ?? Correction().threshold))
  }

  var correction: Correction? {
    if case .on(let correction) = self { correction } else { nil }
  }
}
