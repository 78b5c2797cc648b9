import ArgumentParser
import ZooExplain

/// Prompts that were embedded elsewhere.
struct EmbeddingOptions: ParsableArguments {
  @Option(
    name: .customLong("embeddings"),
    help: ArgumentHelp(
      "Prompt embeddings computed elsewhere, in place of prompts: an NPY file of shape [prompts, width].",
      valueName: "file"),
    completion: .file(extensions: ["npy"]))
  var file: String?

  @Option(
    help: ArgumentHelp(
      "Names of these embeddings, one per line; by default they are numbered.", valueName: "file"),
    completion: .file())
  var names: String?

  func validate() throws {
    if names != nil, file == nil { throw ValidationError("--names goes with --embeddings.") }
  }

  /// The embeddings as prompts; nil if the call has none.
  func prepare(_ explainer: Explainer, besides prompts: PromptOptions) throws -> PreparedPrompts? {
    guard let file else { return nil }
    guard prompts.isEmpty else { throw CallError.promptsAndEmbeddings }
    return try explainer.prepare(PromptEmbeddings(file: file, names: names))
  }
}
