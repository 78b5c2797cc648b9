extension RunJournal where Head == EvaluationDescription, Line == SampleResult {
  /// The lines of several shards of one run, and the samples that are missing from all of them.
  ///
  /// Throws an `EvaluateError` if they differ in model, settings or data, or share a sample.
  package static func merge(
    _ paths: [String]
  ) throws -> (description: EvaluationDescription, lines: RunLines<SampleResult>, missing: [Int]) {
    var head: EvaluationDescription?
    var runs: [(path: String, lines: RunLines<SampleResult>)] = []
    for path in paths {
      let (description, lines) = try read(path)
      if let head, let difference = description.settings.difference(from: head.settings) {
        throw EvaluateError.runsDiffer(paths[0], path, difference: difference)
      }
      head = head ?? description
      for run in runs {
        guard let both = run.lines.firstShared(with: lines) else { continue }
        throw EvaluateError.overlap(run.path, path, sample: try lines.line(both)?.sample ?? "\(both)")
      }
      runs.append((path, lines))
    }
    guard var head else { throw EvaluateError.nothing(data: "an empty list of runs") }
    head.shard = .whole
    let lines = RunLines(joining: runs.map(\.lines))
    return (head, lines, (0..<head.settings.sampleCount).filter { !lines.contains($0) })
  }
}
