import ZooImages
import ZooRuntime

/// Measures samples of a protocol in order, a few at a time, while reading the next ones.
package struct EvaluationRun<Protocol: EvaluationProtocol>: Sendable {
  package let `protocol`: Protocol
  package let desk: EvaluationDesk
  package let loader: PictureLoader
  /// The number of pictures that share a pass, and of samples that are read ahead.
  package var together = 4

  package init(_ protocol: Protocol, at desk: EvaluationDesk, loader: PictureLoader) {
    (self.protocol, self.desk, self.loader) = (`protocol`, desk, loader)
  }

  /// Measures the samples at these indices, in order.
  ///
  /// - Parameters:
  ///   - failed: Called for a sample that cannot be read; unless it throws, the others are measured.
  ///   - done: Called with each result; for a sample that cannot be read, it has an error instead of rows.
  package func measure(
    _ indices: [Int], failed: (_ sample: String, any Error) throws -> Void = { throw $1 },
    done: (SampleResult) throws -> Void
  ) throws {
    let together = max(1, together)
    let loads = Lookahead(indices.count, depth: together) { [`protocol`, loader] place in
      Result { try `protocol`.load(indices[place], by: loader) }
    }
    defer { loads.stop() }
    for first in stride(from: 0, to: indices.count, by: together) {
      let batch = indices[first..<min(first + together, indices.count)].map { (index: $0, loaded: loads.next()) }
      var measured = try `protocol`.measure(batch.compactMap { try? $0.loaded.get() }, at: desk)[...]
      for (index, loaded) in batch {
        switch loaded {
        case .success: try done(SampleResult(index, of: `protocol`, measured.removeFirst()))
        case .failure(let error):
          let sample = `protocol`.samples[index]
          try failed(sample, error)
          try done(SampleResult(index, sample: sample, error: "\(error)"))
        }
      }
    }
  }
}
