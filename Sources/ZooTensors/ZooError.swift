import Foundation

/// An error that carries facts. `description` states them in one sentence, which is also what `localizedDescription` says; the command adds the
/// remedy that fits its caller.
public protocol ZooError: LocalizedError, Sendable, CustomStringConvertible {
  /// Who can mend it: decides the exit code of the command.
  var blame: Blame { get }
}

extension ZooError {
  public var errorDescription: String? { description }
}

/// What an error is about.
public enum Blame: Sendable {
  /// The call or the input is wrong: exit code 2.
  case input
  /// The work failed or a check did not hold: exit code 1.
  case work
}
