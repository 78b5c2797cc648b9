import ZooDrawing
import ZooRuntime
import ZooText

/// Remarks on a run: full sentences on standard error and in its JSON.
struct Notes {
  private(set) var all: [String] = []
  var isQuiet: Bool

  mutating func add(_ note: String) {
    all.append(note)
    if !isQuiet { Terminal.note("note: \(note)") }
  }
}

extension Notes {
  /// The maximum number of notes of a kind.
  private static let most = 5

  /// What happens to prompts during tokenization that their author should know.
  mutating func add(remarksOn prompts: [String], of model: ZooModel) throws {
    guard model.architecture.text != nil else { return }
    func quoted(_ index: Int) -> String { "'\(printable(prompts[index], within: 40))'" }
    let sentences = try model.tokenizer().remarks(on: prompts).map { remark in
      switch remark {
      case .cut(let index, let tokens, let kept, let end):
        "\(quoted(index)) has \(tokens) tokens, but the model takes \(kept): what follows "
          + "'\(printable(end))' is cut off."
      case .same(let indices):
        indices.prefix(Self.most).map(quoted).joined(separator: ", ") + (indices.count > Self.most ? " ..." : "")
          + " become the same tokens: their results are equal."
      case .unknown(let index): "\(quoted(index)) has no token that the model's vocabulary knows."
      }
    }
    for sentence in sentences.prefix(Self.most) { add(sentence) }
    if sentences.count > Self.most { add("\(sentences.count - Self.most) more prompts have such notes.") }
  }
}

extension Notes {
  /// Prompts that cannot be written on a sheet, and what to install.
  mutating func add(glyphsMissingFrom prompts: [String]) throws {
    for prompt in prompts {
      guard let missing = try MissingGlyphs(of: prompt) else { continue }
      let some = missing.characters.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
      add(
        "No font has \(some) of the prompt '\(printable(prompt, within: 40))', which sheets show as boxes; install "
          + "\(missing.packages.joined(separator: " and ")).")
    }
  }
}
