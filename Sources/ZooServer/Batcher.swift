import Foundation
import Synchronization

/// The one place where models compute. A pass uses all threads, so pieces of work run one after the other, in the order in which they were requested.
/// Waiting requests about the same thing share a piece of work.
final class Batcher<Key: Hashable & Sendable, Item: Sendable, Output: Sendable>: Sendable {
  /// Returns a result for each item, in their order.
  ///
  /// - Parameter check: Throws if nobody waits for any of the items any more, or their time is up: called between steps that take long.
  typealias Work =
    @Sendable (_ key: Key, _ items: [Item], _ check: () throws -> Void) throws -> [Result<Output, any Error>]

  private typealias Waiting = Ticket<Item, Output>

  /// The requests that wait for one piece of work.
  private final class Group: Sendable {
    let waiting: Mutex<[Waiting]>

    init(_ first: Waiting) { waiting = Mutex([first]) }

    /// False if the group would become too large.
    func add(_ ticket: Waiting, most: Int) -> Bool {
      waiting.withLock { waiting in
        guard waiting.reduce(ticket.weight, { $0 + $1.weight }) <= most else { return false }
        waiting.append(ticket)
        return true
      }
    }
  }

  private let queue: DispatchQueue
  private let most: Int
  private let seconds: Int
  private let work: Work
  /// The groups that accept more items, by key.
  private let groups = Mutex<[Key: Group]>([:])

  /// - Parameters:
  ///   - queue: A serial queue that batchers share.
  ///   - most: The maximum total weight of the items in one piece of work, if there are several.
  ///   - seconds: How long a piece of work may take.
  init(_ queue: DispatchQueue, most: Int, seconds: Int, work: @escaping Work) {
    (self.queue, self.most, self.seconds, self.work) = (queue, most, seconds, work)
  }

  /// Waits for its turn and for the result. Throws a `CancellationError` as soon as the task is cancelled.
  ///
  /// - Parameters:
  ///   - weight: How much work the item is, relative to others.
  ///   - window: How long the work waits for others to join, if nobody is waiting yet.
  func submit(_ item: Item, key: Key, weight: Int = 1, window: Duration) async throws -> Output {
    let ticket = Waiting(item, weight: weight)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        ticket.wait(continuation)
        guard let group = join(ticket, key) else { return }
        let start = DispatchTime.now() + .nanoseconds(Int(window.seconds * 1e9))
        queue.asyncAfter(deadline: start) { self.run(group, key) }
      }
    } onCancel: {
      ticket.cancel()
    }
  }

  /// Adds a ticket to a group that it can share with. Returns the group if it is a new one.
  private func join(_ ticket: Waiting, _ key: Key) -> Group? {
    groups.withLock { groups in
      if let group = groups[key], group.add(ticket, most: most) { return nil }
      let group = Group(ticket)
      groups[key] = group
      return group
    }
  }

  private func run(_ group: Group, _ key: Key) {
    groups.withLock { if $0[key] === group { $0[key] = nil } }
    let tickets = group.waiting.withLock { $0.filter { !$0.isCancelled } }
    guard !tickets.isEmpty else { return }
    let end = ContinuousClock.now + .seconds(seconds)
    let results = Result {
      try work(key, tickets.map(\.item)) {
        if tickets.allSatisfy(\.isCancelled) { throw CancellationError() }
        if ContinuousClock.now > end { throw ServerError.takesTooLong(seconds: seconds) }
      }
    }
    for (place, ticket) in tickets.enumerated() {
      switch results {
      case .success(let results): ticket.finish(results[place])
      case .failure(let error): ticket.finish(.failure(error))
      }
    }
  }
}

/// A request that waits for a result, and gets it once.
private final class Ticket<Item: Sendable, Output: Sendable>: Sendable {
  private struct State {
    var isCancelled = false
    var continuation: CheckedContinuation<Output, any Error>?
  }

  let item: Item
  let weight: Int
  private let state = Mutex(State())

  init(_ item: Item, weight: Int) { (self.item, self.weight) = (item, weight) }

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func wait(_ continuation: CheckedContinuation<Output, any Error>) {
    state.withLock { $0.continuation = continuation }
    if isCancelled { finish(.failure(CancellationError())) }
  }

  func cancel() {
    state.withLock { $0.isCancelled = true }
    finish(.failure(CancellationError()))
  }

  func finish(_ result: Result<Output, any Error>) {
    let continuation = state.withLock { state in
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume(with: result)
  }
}
