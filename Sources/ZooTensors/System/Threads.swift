#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Runs `body` on a new, detached thread.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  let work = Unmanaged.passRetained(ThreadBody(body))
  #if canImport(Darwin)
    var thread: pthread_t?
  #else
    var thread = pthread_t()
  #endif
  let failure = pthread_create(
    &thread, nil,
    { context in
      // The parameter's type depends on the platform.
      let context: UnsafeMutableRawPointer? = context
      if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body() }
      return nil
    }, work.toOpaque())
  // Callers that wait for the work would wait forever.
  guard failure == 0 else { fatalError("no thread can be started: \(String(cString: strerror(failure)))") }
  #if canImport(Darwin)
    if let thread { pthread_detach(thread) }
  #else
    pthread_detach(thread)
  #endif
}

/// A number from 0 to 63 that is the same for the life of a thread, and seldom that of another.
package var threadNumber: Int {
  #if canImport(Glibc)
    let thread = UInt64(pthread_self())
  #else
    let thread = UInt64(UInt(bitPattern: pthread_self()))
  #endif
  return Int((thread >> 12 &* 0x9E37_79B9_7F4A_7C15) >> 58)
}

private final class ThreadBody: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// A lock with a condition variable.
package final class Condition: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func withLock<T>(_ body: () throws -> T) rethrows -> T {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Call it with the lock held; others can take the lock during the wait.
  package func wait() { pthread_cond_wait(condition, mutex) }

  package func signal() { pthread_cond_signal(condition) }

  package func broadcast() { pthread_cond_broadcast(condition) }
}
