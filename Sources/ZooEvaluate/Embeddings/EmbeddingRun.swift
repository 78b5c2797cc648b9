import ZooImages
import ZooRuntime

/// Embeds inputs into a folder, with several batches side by side.
package final class EmbeddingRun {
  private let inputs: EmbeddingInputs
  private let model: ZooModel
  private let journal: EmbeddingJournal
  private let writer: EmbeddingWriter
  private let description: EmbeddingDescription
  private var rows: Int

  /// The indices of the shard's remaining inputs.
  package let left: [Int]
  /// The number of the shard's inputs that were done before.
  package let known: Int

  /// Creates the folder, or continues the run in it. Throws an `EvaluateError` if it holds something else.
  package init(
    _ folder: String, _ inputs: EmbeddingInputs, _ description: EmbeddingDescription, model: ZooModel, resume: Bool
  ) throws {
    (self.inputs, self.model, self.description) = (inputs, model, description)
    journal = try EmbeddingJournal(folder, description, resume: resume)
    var last = -1
    try journal.lines.forEach { last = max(last, $0.row ?? -1) }
    rows = last + 1
    writer = try EmbeddingWriter(folder, description.storage, width: description.width, rows: rows)
    let own = description.shard.indices(of: inputs.entries.count)
    let lines = journal.lines
    left = own.filter { !lines.isDone($0) }
    self.known = own.count - left.count
  }

  /// Embeds the remaining inputs.
  ///
  /// - Parameters:
  ///   - loader: Prepares pictures for the model; nil for prompts.
  ///   - together: The number of inputs that share a pass.
  ///   - failed: Called for an input that cannot be read; unless it throws, the others are processed.
  ///   - done: Called with the number of inputs that are done; throwing ends the run.
  package func run(
    loader: PictureLoader?, together: Int, failed: (_ input: String, any Error) throws -> Void,
    done: (Int) throws -> Void
  ) throws {
    guard let loader else { return try embedPrompts(together, done) }
    let batches = stride(from: 0, to: left.count, by: together).map { left[$0..<min($0 + together, left.count)] }
    var finished = 0
    try model.sideBySide(batches) { [inputs] model, places in
      let loaded = places.map { index in Result { try inputs.entries[index].load(by: loader).input.tensor } }
      let embeddings = Result { try model.imageEmbeddings(loaded.compactMap { try? $0.get() }) }
      return (loaded: loaded.map { $0.map { _ in } }, embeddings: embeddings)
    } each: { batch, result in
      var embeddings = try result.embeddings.get()[...]
      try keep(
        zip(batches[batch], result.loaded).map { index, loaded in
          switch loaded {
          case .success: return (index, .success(embeddings.removeFirst()))
          case .failure(let error):
            try failed(inputs.entries[index].path ?? inputs.entries[index].id, error)
            return (index, .failure(error))
          }
        })
      finished += result.loaded.count
      try done(finished)
    }
  }

  private func embedPrompts(_ together: Int, _ done: (Int) throws -> Void) throws {
    let tokenizer = try model.tokenizer()
    if left.count > together { model.keepText() }
    for first in stride(from: 0, to: left.count, by: together) {
      let places = left[first..<min(first + together, left.count)]
      let tokens = places.map { tokenizer.encode(inputs.entries[$0].id) }
      try keep(zip(places, try model.textEmbeddings(tokens: tokens)).map { ($0, .success($1)) })
      try done(first + places.count)
    }
  }

  /// Writes embeddings to their file before the index names them.
  private func keep(_ results: [(index: Int, embedding: Result<[Float], any Error>)]) throws {
    var lines: [EmbeddingLine] = [], embeddings: [[Float]] = []
    for (index, result) in results {
      let entry = inputs.entries[index]
      var row: Int?, reason: String?
      switch result {
      case .success(let embedding):
        embeddings.append(description.normalised ? normalised(embedding) : embedding)
        row = rows
        rows += 1
      case .failure(let error): reason = "\(error)"
      }
      lines.append(EmbeddingLine(index: index, id: entry.id, path: entry.path, row: row, error: reason))
    }
    try writer.append(embeddings)
    try journal.append(lines)
  }
}
