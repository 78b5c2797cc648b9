import Foundation
import Synchronization
import Testing
import ZooRuntime

/// Many more threads than processors.
@Suite(.timeLimit(.minutes(10))) struct TeamTests {
  /// Lives as long as its helpers, which never end.
  private static let crowd = Team(helpers: 63)

  /// Short rounds that each write to plain memory, as products do; false if an index was left out, came twice or came after the end.
  private func rounds(_ count: Int) async throws -> Bool {
    let size = 97, seen = UnsafeMutablePointer<Int>.allocate(capacity: size)
    defer { seen.deallocate() }
    for round in 0..<count {
      let pieces = round % (size + 1)
      while true {
        seen.update(repeating: 0, count: size)
        if Self.crowd.forEach(pieces, threads: 1 + round % 70, { seen[$0] += 1 }) { break }
        guard (0..<size).allSatisfy({ seen[$0] == 0 }) else { return false }
        await Task.yield()
      }
      guard (0..<size).allSatisfy({ seen[$0] == ($0 < pieces ? 1 : 0) }) else { return false }
      // Time for the helpers to fall asleep.
      if round % 50 == 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
    return true
  }

  @Test func callersTakeTurnsAndEveryIndexComesOnce() async throws {
    let right = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 { group.addTask { try await rounds(500) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(right == [true, true, true, true])
  }

  @Test(arguments: [1, 2, 5]) func noMoreThreadsThanAskedFor(threads: Int) async {
    for _ in 0..<50 {
      let seen = Mutex<Set<UInt>>([])
      while !Self.crowd.forEach(
        200, threads: threads,
        { _ in
          seen.withLock { _ = $0.insert(UInt(bitPattern: ObjectIdentifier(Thread.current))) }
          usleep(10)
        })
      {
        await Task.yield()
      }
      #expect(1...threads ~= seen.withLock { $0.count })
    }
  }
}
