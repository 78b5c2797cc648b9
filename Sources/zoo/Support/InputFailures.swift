import ArgumentParser
import ZooTensors

/// Inputs that could not be read: each is reported in one line on standard error, the others are processed, and the exit code is 1.
struct InputFailures {
  struct Entry: Encodable {
    /// The path as given.
    let input: String
    let error: String
  }

  private(set) var entries: [Entry] = []
  private let total: Int
  private let isStrict: Bool

  /// - Parameters:
  ///   - total: The number of inputs. If there is only one, its error is that of the run.
  ///   - isStrict: Whether the first error ends the run.
  init(total: Int, isStrict: Bool) {
    self.total = total
    self.isStrict = isStrict
  }

  /// Rethrows errors that are not caused by the input.
  mutating func add(_ input: String, _ error: any Error) throws {
    guard !isStrict, total > 1, let reason = error as? any ZooError, reason.blame == .input else { throw error }
    note(input, error)
  }

  /// Notes the error that ends the run.
  mutating func note(_ input: String, _ error: any Error) {
    let sentence = (Failure.sentence(for: error) ?? "\(error)").split(separator: "\n")
      .map { $0.drop { $0 == " " } }.joined(separator: "; ")
    entries.append(Entry(input: input, error: sentence))
    Terminal.error(sentence)
  }

  /// Ends a run in which inputs failed. Call this after printing all results.
  func finish() throws {
    guard !entries.isEmpty else { return }
    Terminal.error("\(entries.count) of \(total) inputs could not be read")
    throw ExitCode(1)
  }
}

/// How inputs that cannot be read are handled.
struct FailureOptions: ParsableArguments {
  @Flag(help: "Stop at the first input that cannot be read instead of skipping it.")
  var strict = false
}
