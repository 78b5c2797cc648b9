import Foundation

/// An error that carries facts. `description` states them in one sentence, which `localizedDescription` repeats; the command adds a remedy for its
/// users.
public protocol ZooError: LocalizedError, Sendable, CustomStringConvertible {
  /// Who can fix it: decides the exit code of the command.
  var blame: Blame { get }
}

extension ZooError {
  public var errorDescription: String? { description }
}

/// What an error is about.
public enum Blame: Sendable {
  /// The call or the input is invalid: exit code 2.
  case input
  /// The work failed or a check did not pass: exit code 1.
  case work
}
