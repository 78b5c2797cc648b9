import Foundation
import ZooEvaluate
import ZooTensors

extension EvaluationReport {
  /// Each method's figures in percent, with half the width of their 95 % interval; an asterisk marks differences to the first method whose interval
  /// excludes zero.
  func text(perClass: Bool) -> String {
    var table = Table(
      ["METHOD", "PROMPTS"] + figures.map { $0.name.uppercased() }, right: Set(1..<figures.count + 2))
    for method in methods {
      table.add(
        [method.name, "\(method.prompts)"]
          + method.figures.enumerated().map { place, value in
            "\(percent(value.value)) ±\(percent((value.high - value.low) / 2))\(mark(method, place))"
          })
    }
    var lines = ["\(model) on \(data), \(scenes) pictures", table.text]
    lines += undefined.map { "\($0.method) is not defined on this model: \($0.reason)" }
    if methods.count > 1 {
      lines.append("* differs from \(methods[0].name) in 95 % of 1,000 draws of the pictures")
    }
    lines.append(
      (["templates \(PromptTemplates.describe(templates))"]
        + (pictures + choices).map { "\($0.name): \($0.value)" }).joined(separator: "; "))
    if let picturesPerSecond {
      let rate = formatted("%.1f pictures a second", picturesPerSecond)
      // If methods share their passes, their times on their own are listed as well.
      let alone = methods.compactMap { method in
        method.picturesPerSecond.map { "\(method.name) " + formatted("%.1f", $0) }
      }
      lines.append(methods.count > 1 ? "\(rate), all methods together; alone: \(alone.joined(separator: ", "))" : rate)
    }
    if perClass { lines.append(classTable) }
    if let reportFile { lines.append(reportFile) }
    return lines.joined(separator: "\n")
  }

  private func mark(_ method: Method, _ place: Int) -> String {
    guard method.differences.indices.contains(place) else { return "" }
    let difference = method.differences[place]
    return difference.low > 0 || difference.high < 0 ? "*" : " "
  }

  private var classTable: String {
    var table = Table(
      ["CLASS", "METHOD", "PROMPTS"] + figures.map { $0.name.uppercased() }, right: Set(2..<figures.count + 3))
    for place in methods.first?.classes.indices ?? 0..<0 {
      for method in methods where method.classes.indices.contains(place) {
        let row = method.classes[place]
        table.add([row.name, method.name, "\(row.prompts)"] + row.values.map(percent))
      }
    }
    return "\n" + table.text
  }

  func csv(perClass: Bool) -> String {
    func quoted(_ text: String) -> String {
      text.contains { ",\"\n".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }
    var lines = ["method,class,prompts,figure,value,low,high"]
    for method in methods {
      for value in method.figures {
        lines.append(
          "\(quoted(method.name)),,\(method.prompts),\(quoted(value.figure)),\(value.value),\(value.low),\(value.high)")
      }
      for row in perClass ? method.classes : [] {
        for (figure, value) in zip(figures, row.values) {
          lines.append("\(quoted(method.name)),\(quoted(row.name)),\(row.prompts),\(quoted(figure.name)),\(value),,")
        }
      }
    }
    return lines.joined(separator: "\n")
  }

  /// A table for `booktabs`; the best of each column is bold.
  var latex: String {
    let escapes: [Character: String] = [
      "&": "\\&", "%": "\\%", "_": "\\_", "#": "\\#", "$": "\\$", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}",
      "^": "\\textasciicircum{}", "\\": "\\textbackslash{}",
    ]
    func escaped(_ text: String) -> String { text.map { escapes[$0] ?? String($0) }.joined() }
    let best = figures.indices.map { place in
      let values = methods.map { $0.figures[place].value }
      return figures[place].isBetterHigh ? values.max() : values.min()
    }
    let rows = methods.map { method in
      ([escaped(method.name)]
        + method.figures.enumerated().map { place, value in
          value.value == best[place] ? "\\textbf{\(percent(value.value))}" : percent(value.value)
        }).joined(separator: " & ") + " \\\\"
    }
    return """
      % \(model) on \(data), \(scenes) pictures, in percent
      \\begin{tabular}{l\(String(repeating: "r", count: figures.count))}
      \\toprule
      Method & \(figures.map { escaped($0.name) }.joined(separator: " & ")) \\\\
      \\midrule
      \(rows.joined(separator: "\n"))
      \\bottomrule
      \\end{tabular}
      """
  }

  /// The table of `text` as HTML.
  var htmlTable: HTML {
    .table(
      ["method", "prompts"] + figures.map(\.name),
      methods.map { method in
        [method.name, "\(method.prompts)"]
          + method.figures.enumerated().map { place, value in
            "\(percent(value.value)) ±\(percent((value.high - value.low) / 2))\(mark(method, place))"
          }
      })
  }

  var htmlClasses: HTML {
    .table(
      ["class", "method", "prompts"] + figures.map(\.name),
      (methods.first?.classes.indices ?? 0..<0).flatMap { place in
        methods.filter { $0.classes.indices.contains(place) }.map { method in
          let row = method.classes[place]
          return [row.name, method.name, "\(row.prompts)"] + row.values.map(percent)
        }
      })
  }

  private func percent(_ share: Double) -> String { formatted("%.1f", share * 100) }
}
