import ArgumentParser
import ZooExplain

/// Methods, and options that only some of them have. Each method defines its own options and defaults: see `MethodInfo`.
struct MethodChoice: ParsableArguments {
  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "Explanation method; legrad by default. Several, separated by commas or given repeatedly, share one pass.",
      discussion: """
        \(HeatmapMethod.all.map(\.id).joined(separator: ", ")). 'zoo methods' describes them and their options, which may follow a \
        name, as in gradcam:layer=3; given as options of the command, they apply to all methods that take them.
        """, valueName: "name[:option=value,...]"), completion: .methods())
  var names: [String] = []

  @Option(help: "The layer to use, counted from 0.")
  var layer: String?

  @Option(help: "The first layer to include, counted from 0.")
  var startLayer: String?

  @Option(help: "The heads to include, as LAYER.HEAD, separated by commas.")
  var heads: String?

  @Option(help: "What prompts are compared with: see 'zoo methods'.")
  var background: String?

  @Option(help: "Which published form or set of rules: see 'zoo methods'.")
  var form: String?

  @Option(help: "Which set of LRP's rules: transformer or original.")
  var rules: String?

  @Option(help: "Multiply the score by the model's logit scale: yes or no.")
  var scaled: String?

  @Option(help: "Divide each row of relevance by its sum: yes or no.")
  var normalised: String?

  @Option(help: "How many of the last layers to include.")
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

  /// The named methods, each once, with the options that they have.
  ///
  /// - Parameter more: Additional options that were given.
  /// - Throws: A `MethodError` for an option that none of them has.
  func methods(_ more: [String: String]) throws -> [HeatmapMethod] {
    let named =
      try names.isEmpty ? [HeatmapMethod(named: LeGrad.info.id)] : names.flatMap { try HeatmapMethod.list($0) }
    let given = values.merging(more) { $1 }
    let taken = Set(named.flatMap(\.info.options).map(\.name))
    // An option that no method has is rejected by the first one.
    let strangers = given.filter { !taken.contains($0.key) }
    if !strangers.isEmpty { _ = try named[0].adding(strangers) }
    var methods: [HeatmapMethod] = []
    for method in named {
      let own = Set(method.info.options.map(\.name))
      let whole = try method.adding(given.filter { own.contains($0.key) })
      if !methods.contains(whole) { methods.append(whole) }
    }
    return methods
  }
}
