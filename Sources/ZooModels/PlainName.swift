import ZooTensors

/// The name of an architecture or a tag, which is also a folder name in the model store: 1 to 96 ASCII letters, digits,
/// `.`, `_`, `-` and `+`, starting with a letter or a digit.
///
/// Such a name cannot lead out of a folder, be hidden, look like an option or control a terminal. Paths consist of nothing else.
package struct PlainName: Sendable, Hashable, CustomStringConvertible {
  package static let limit = 96
  package let description: String

  package init(_ text: String) throws(NameError) {
    guard let first = text.utf8.first, text.utf8.count <= Self.limit, first.isLetterOrDigit,
      text.utf8.allSatisfy(\.isInNames)
    else { throw NameError(text: text) }
    description = text
  }

  /// The closest valid name for any text, such as a file name: other characters become `-`; nil if nothing is left.
  package init?(nearest text: String) {
    let bytes = text.unicodeScalars.map { $0.isASCII && UInt8($0.value).isInNames ? UInt8($0.value) : 0x2D }
    let plain = bytes.drop { !$0.isLetterOrDigit }.prefix(Self.limit)
    guard !plain.isEmpty else { return nil }
    description = String(decoding: plain, as: UTF8.self)
  }
}

/// A text that cannot be used as the name of an architecture or a tag.
public struct NameError: ZooError, Equatable {
  /// The text that was given as a name.
  public let text: String

  package init(text: String) { self.text = text }

  public var blame: Blame { .input }
  public var description: String { "'\(text)' cannot be a model's name or tag: it \(Self.rule)" }

  /// The rule, as a clause about a field.
  package static let rule =
    "must have 1 to \(PlainName.limit) letters, digits, '.', '_', '-' or '+' and start with a letter or a digit"
}

extension ModelName {
  /// Throws if the architecture or the tag cannot be a folder name.
  package func check() throws(NameError) {
    _ = try PlainName(architecture)
    if let tag { _ = try PlainName(tag) }
  }
}

/// Whether the name of a file or folder stays in its folder and is not hidden: no separator, no leading dot, no control character, at most 200 bytes.
package func isPlainFileName(_ name: some StringProtocol) -> Bool {
  !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 200
    && !name.unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0.properties.generalCategory == .control }
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool {
    (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
  }

  /// A letter, a digit, `.`, `_`, `-` or `+`.
  fileprivate var isInNames: Bool { isLetterOrDigit || [0x2E, 0x5F, 0x2D, 0x2B].contains(self) }
}
