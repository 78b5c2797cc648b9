extension RunJournal where Head == EvaluationDescription, Line == SampleResult {
  /// The rows of several shards of one run, with the samples that none of them has.
  ///
  /// Throws an `EvaluateError` where they differ in model, settings or data, or both have a sample.
  public static func merge(
    _ paths: [String]
  ) throws -> (description: EvaluationDescription, results: [Int: SampleResult], missing: [Int]) {
    var merged: (description: EvaluationDescription, results: [Int: SampleResult])?
    var owners: [Int: String] = [:]
    for path in paths {
      let (description, results) = try read(path)
      if let first = merged?.description, let difference = description.settings.difference(from: first.settings) {
        throw EvaluateError.runsDiffer(paths[0], path, difference: difference)
      }
      for (index, result) in results {
        if let owner = owners[index] { throw EvaluateError.overlap(owner, path, sample: result.sample) }
        owners[index] = path
      }
      merged = (merged?.description ?? description, (merged?.results ?? [:]).merging(results) { $1 })
    }
    guard var merged else { throw EvaluateError.nothing(data: "an empty list of runs") }
    merged.description.shard = .whole
    let missing = (0..<merged.description.settings.sampleCount).filter { merged.results[$0] == nil }
    return (merged.description, merged.results, missing)
  }
}
