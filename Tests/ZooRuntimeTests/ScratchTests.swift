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
}
