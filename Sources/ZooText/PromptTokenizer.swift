import ZooModels

/// Turns a prompt into token ids of a fixed context length.
public protocol PromptTokenizer: Sendable {
  /// The length of every encoded prompt.
  var contextLength: Int { get }
  /// The number of ids the tokenizer can produce: every id is in `0..<vocabularySize`.
  var vocabularySize: Int { get }
  /// The id for text that is not in the vocabulary; nil if every text has pieces.
  var unknownID: Int32? { get }
  /// Returns exactly `contextLength` ids: special tokens added, truncated or padded as in training. Deterministic; any text, of any length, has ids.
  func encode(_ text: String) -> [Int32]
  /// The ids of the text alone: cleaned, but without special tokens, truncation or padding.
  func pieces(_ text: String) -> [Int32]
}

/// Whether a prompt contains only whitespace, by Python's rule (`str.strip`).
package func isBlank(_ prompt: String) -> Bool {
  prompt.unicodeScalars.allSatisfy(\.isPythonSpace)
}

/// What surrounds the pieces of a prompt: special tokens, truncation and padding.
struct Frame: Sendable, Equatable {
  let contextLength: Int
  /// The maximum number of pieces and special tokens; the rest is padding.
  let limit: Int
  let padID: Int32
  /// The id at the last position, after the padding.
  let lastID: Int32?
  /// Ids before the pieces.
  let prefix: [Int32]
  /// Ids after the pieces; kept when the text is truncated.
  let suffix: [Int32]

  init(_ spec: TokenizerSpec, prefix: [Int32], suffix: [Int32]) {
    contextLength = spec.contextLength
    lastID = spec.classID.map(Int32.init)
    limit = min(spec.maxTokens ?? contextLength, contextLength - (lastID == nil ? 0 : 1))
    padID = Int32(spec.padID)
    (self.prefix, self.suffix) = (prefix, suffix)
  }

  /// `prefix + pieces + suffix`, with the pieces truncated so that it fits, padded on the right.
  func fill(_ pieces: some Collection<Int32>) -> [Int32] {
    let tail = suffix.suffix(limit)
    let head = prefix.prefix(limit - tail.count)
    var ids = [Int32](head)
    ids.reserveCapacity(contextLength)
    ids.append(contentsOf: pieces.prefix(limit - head.count - tail.count))
    ids.append(contentsOf: tail)
    ids.append(contentsOf: repeatElement(padID, count: contextLength - ids.count))
    if let lastID { ids[contextLength - 1] = lastID }
    return ids
  }
}
