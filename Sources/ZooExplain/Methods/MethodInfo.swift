/// Information about an explanation method.
public struct MethodInfo: Sendable {
  /// The name on the command line, such as `gradcam`.
  public let id: String
  /// The name in the literature, such as `GradCAM`.
  public let title: String
  /// What a map shows, in one sentence.
  public let summary: String
  /// The source of the formula.
  public let source: String
  /// What it computes besides the forward pass, in words.
  public let cost: String
  /// Its options.
  public let options: [MethodOption]

  package init(
    id: String, title: String, summary: String, source: String, cost: String, options: [MethodOption] = []
  ) {
    self.id = id
    self.title = title
    self.summary = summary
    self.source = source
    self.cost = cost
    self.options = options
  }
}

/// An option of a method.
public struct MethodOption: Sendable, Hashable {
  /// The name on the command line, without dashes: `start-layer`.
  public let name: String
  /// The allowed values: `0 to the last layer`.
  public let values: String
  /// The default.
  public let standard: String
  /// What it decides, as a clause.
  public let help: String

  package init(_ name: String, values: String, standard: String, help: String) {
    self.name = name
    self.values = values
    self.standard = standard
    self.help = help
  }

  static let layers = MethodOption(
    "layers", values: "all, last:N, last:P%, N, N-M or several as in 0,3,8-11", standard: "all",
    help: "the layers that take part")
  static let score = MethodOption(
    "score", values: "cosine or dot", standard: "cosine", help: "how picture and prompt are compared")

  static func startLayer(_ standard: String) -> MethodOption {
    MethodOption(
      "start-layer", values: "0 to the last layer", standard: standard, help: "the first layer that takes part")
  }
}
