import Synchronization

/// A value that is computed on first use and then kept. The closure is released once it has run.
package final class Lazy<Value: Sendable>: Sendable {
  private enum State {
    case pending(@Sendable () -> Value)
    case made(Value)
  }

  private let state: Mutex<State>

  package init(_ make: @escaping @Sendable () -> Value) { state = Mutex(.pending(make)) }

  package var value: Value {
    state.withLock { state in
      switch state {
      case .made(let value): return value
      case .pending(let make):
        let value = make()
        state = .made(value)
        return value
      }
    }
  }

  /// Replaces the value from now on.
  func replace(by value: Value) { state.withLock { $0 = .made(value) } }
}
