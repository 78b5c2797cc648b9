import ArgumentParser
import ZooExplain

/// A method and the options that only some methods take. Which method takes what, and its standard value, is the method's own matter:
/// see `MethodInfo`.
struct MethodChoice: ParsableArguments {
  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "How maps are made; legrad by default.",
      discussion: "\(Method.all.map(\.id).joined(separator: ", ")). 'zoo methods' describes them and their options.",
      valueName: "name"))
  var name: String?

  @Option(help: "The layer that a method looks at, counted from 0.")
  var layer: String?

  @Option(help: "The first layer that takes part, counted from 0.")
  var startLayer: String?

  @Option(help: "The heads that take part, as LAYER.HEAD separated by commas.")
  var heads: String?

  @Option(help: "What prompts are compared with.")
  var background: String?

  @Option(help: "Which published form or set of rules: see 'zoo methods'.")
  var form: String?

  @Option(help: "Which set of LRP's rules: transformer or original.")
  var rules: String?

  @Option(help: "Multiply the score by the model's logit scale: yes or no.")
  var scaled: String?

  @Option(help: "Divide the rows of relevance by their sums: yes or no.")
  var normalised: String?

  @Option(help: "How many of the last layers take part.")
  var depth: String?

  @Option(help: "Keep only positive gradients: yes or no.")
  var relu: String?

  @Option(help: "Take every layer's gradient from the score of the whole model: yes or no.")
  var finalScore: String?

  /// The options that were given, by their names on the command line.
  var values: [String: String] {
    let all: [String: String?] = [
      "layer": layer, "start-layer": startLayer, "heads": heads, "background": background, "form": form, "rules": rules,
      "scaled": scaled, "normalised": normalised, "depth": depth, "relu": relu, "final-score": finalScore,
    ]
    return all.compactMapValues { $0 }
  }
}
