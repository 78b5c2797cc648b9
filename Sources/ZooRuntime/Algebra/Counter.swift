import Synchronization

/// Hands out 0, 1, 2, ... to the threads that ask.
final class Counter: Sendable {
  private let next = Atomic<Int>(0)

  func take(below limit: Int) -> Int? {
    let value = next.add(1, ordering: .relaxed).oldValue
    return value < limit ? value : nil
  }
}

/// A value that is made at its first use and then kept.
package final class Lazy<Value: Sendable>: Sendable {
  private let cached = Mutex<Value?>(nil)
  private let make: @Sendable () -> Value

  init(_ make: @escaping @Sendable () -> Value) { self.make = make }

  package var value: Value {
    cached.withLock { cached in
      if let value = cached { return value }
      let value = make()
      cached = value
      return value
    }
  }

  /// Makes it anew when it is next used.
  func forget() { cached.withLock { $0 = nil } }

  /// Takes another value from now on.
  func replace(by value: Value) { cached.withLock { $0 = value } }
}
