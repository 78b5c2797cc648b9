import ZooRuntime

/// What a method needs from the backward pass from the final score.
package struct FlowRequest: Sendable, Hashable {
  /// What flows.
  package enum Kind: Sendable, Hashable {
    /// The gradient of the score of the whole model.
    case gradient(Score)
    /// The relevance of the tokens for the score, by a set of LRP's rules.
    case relevance(RelevanceRule.Rules)
  }

  /// How far the backward pass goes through each block of the request.
  package enum Depth: Int, Sendable, Hashable, Comparable {
    /// To the block's output tokens.
    case output
    /// Also to its attention.
    case attention
    /// Also to its input tokens.
    case input

    package static func < (a: Depth, b: Depth) -> Bool { a.rawValue < b.rawValue }
  }

  package let kind: Kind
  /// The blocks that the method wants to observe.
  package let layers: Range<Int>
  package let depth: Depth
}

/// What has arrived at one block, for all prompts.
package struct LayerFlow: Sendable {
  package let kind: FlowRequest.Kind
  /// `[prompts * count, width]`: at the output tokens.
  package let output: Rows
  /// At the attention, if the request goes that far.
  package let attention: (any AttentionFlow)?
  /// `[prompts * count, width]`: at the input tokens, if the request goes that far.
  package let input: Rows?
}
