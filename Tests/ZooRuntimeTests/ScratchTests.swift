import Synchronization
import Testing
import ZooRuntime

@Suite struct ScratchTests {
  /// After pictures of many sizes, a server must not make new pictures slower.
  @Test func memoryOfSizesThatAreNoLongerUsedMakesRoom() {
    for step in 0..<64 { withScratch((4 << 20) + step) { $0[0] = 1 } }
    withScratch(5 << 20) { $0[5] = 42 }
    var found: Float = 0
    withScratch(5 << 20) { found = $0[5] }
    #expect(found == 42, "fresh memory would be zero")
  }

  @Test func noTwoThreadsHaveTheSameMemory() {
    let right = Atomic<Int>(0)
    Parallel(threads: 8).forEach(4000) { index in
      withScratch(100 + index % 7) { floats in
        floats[50] = Float(index)
        Parallel(threads: 2).forEach(2) { _ in withScratch(100 + index % 7) { $0[50] = -1 } }
        if floats[50] == Float(index) { right.add(1, ordering: .relaxed) }
      }
    }
    #expect(right.load(ordering: .relaxed) == 4000)
  }
}
