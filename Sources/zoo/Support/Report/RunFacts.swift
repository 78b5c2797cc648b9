import Foundation
import ZooCheckpoints
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

/// What a report says about a run besides its pictures: names and values.
enum RunFacts {
  typealias Row = (name: String, value: String)

  /// The model and its digests.
  static func model(_ model: ZooModel) -> [Row] {
    let description = model.description
    // A single digest for the list of all tensor digests.
    let tensors = description.digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    var rows: [Row] = [
      ("model", model.name), ("layout", description.layout),
      ("tensors", "\(description.digests.count), SHA-256 of their digests \(digest(of: tensors))"),
    ]
    rows += description.sources.map { ("source", "\($0.name), \(byteText($0.size)), SHA-256 \($0.sha256)") }
    rows += (description.tokenizerDigests ?? [:]).sorted { $0.key < $1.key }.map {
      ("tokenizer", "\($0.key), SHA-256 \($0.value)")
    }
    return rows
  }

  static func settings(
    _ explainers: [Explainer], _ loader: PictureLoader, _ run: RunOptions, colors: String?
  ) throws -> [Row] {
    let preprocessing = loader.preprocessing, first = explainers[0]
    func numbers(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
    var rows: [Row] = explainers.map { explainer in
      let options = explainer.method.info.options.map {
        "\($0.name) \(explainer.method.options[$0.name] ?? $0.standard)"
      }
      return ("method", ([explainer.method.info.title] + options).joined(separator: "; "))
    }
    rows += [
      (
        "correction",
        first.correction.map { "\"\($0.prompt)\", blank where its map is above \($0.threshold)" } ?? "none"
      ),
      ("negatives", first.negatives.isEmpty ? "none" : first.negatives.joined(separator: ", ")),
      (
        "picture",
        "\(preprocessing.sizeText), \(preprocessing.fitText), \(preprocessing.interpolation.rawValue), as "
          + preprocessing.convention.rawValue
      ),
      ("mean, deviation", "\(numbers(preprocessing.mean)); \(numbers(preprocessing.std))"),
      ("upright", loader.upright ? "yes" : "no"),
      ("arithmetic", "\(first.model.algebraName), \(run.parallel.threads) threads"),
    ]
    return rows + (colors.map { [("colours", $0)] } ?? [])
  }

  static func versions(date: Date = Date()) -> [Row] {
    [
      ("zoo", Zoo.configuration.version), ("system", ProcessInfo.processInfo.operatingSystemVersionString),
      ("date", date.formatted(.iso8601)),
    ]
  }

  static func timings(_ timings: PictureReport.Timings) -> [Row] {
    [
      ("load the model", timings.load), ("prompts", timings.text), ("read pictures", timings.decode),
      ("explain", timings.explain), ("draw and write", timings.write),
    ].map { ($0, formatted("%.0f ms", $1)) }
  }

  /// The call in shell syntax.
  static func call(_ arguments: [String]) -> String {
    arguments.enumerated().map { index, word in
      let word = index == 0 ? word.lastPathComponent : word
      let isPlain =
        !word.isEmpty
        && word.unicodeScalars.allSatisfy {
          $0.isASCII && ($0.properties.isAlphabetic || "0123456789_./:=-,+".unicodeScalars.contains($0))
        }
      return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }

  private static func digest(of text: String) -> String {
    Array(text.utf8).withUnsafeBytes { sha256(of: $0).description }
  }
}
