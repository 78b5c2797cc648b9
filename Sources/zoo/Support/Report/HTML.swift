import Foundation

/// A well-formed piece of HTML: text can only be inserted escaped.
struct HTML: ExpressibleByStringInterpolation {
  private(set) var text: String

  init(stringLiteral text: String) { self.text = text }

  /// Text from an external source, on one line.
  init(escaping text: String) {
    self.text = ""
    for scalar in printable(text).unicodeScalars {
      switch scalar {
      case "&": self.text += "&amp;"
      case "<": self.text += "&lt;"
      case ">": self.text += "&gt;"
      case "\"": self.text += "&quot;"
      case "'": self.text += "&#39;"
      default: self.text.unicodeScalars.append(scalar)
      }
    }
  }

  init(_ parts: [HTML]) { text = parts.map(\.text).joined(separator: "\n") }

  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// An interpolated value is HTML, or text that is escaped.
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate(set) var text = ""

    init(literalCapacity: Int, interpolationCount: Int) {}
    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ html: HTML) { text += html.text }
    mutating func appendInterpolation(_ string: String) { text += HTML(escaping: string).text }
    mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
  }
}

extension HTML {
  /// A picture embedded in the page.
  static func picture(_ png: Data, alternative: String, class name: String = "") -> HTML {
    // Base64 needs no escaping.
    let data = HTML(stringLiteral: "data:image/png;base64," + png.base64EncodedString())
    return "<img class=\"\(name)\" src=\"\(data)\" alt=\"\(alternative)\">"
  }

  /// Names and values.
  static func list(_ rows: [(name: String, value: String)]) -> HTML {
    "<dl>\(HTML(rows.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>" }))</dl>"
  }
}
