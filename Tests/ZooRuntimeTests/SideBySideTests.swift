import Foundation
import Synchronization
import Testing
import ZooFixtures
import ZooImages
import ZooRuntime

/// Results of many threads come in order, are bounded in number, and equal those of one thread.
@Suite struct SideBySideTests {
  @Test(arguments: [1, 3, 8])
  func valuesComeInOrderAlthoughTheFirstOnesTakeLongest(threads: Int) {
    let ahead = Lookahead(40, depth: 2 * threads, threads: threads) { place in
      usleep(place % 4 == 0 ? 3000 : 0)
      return place * place
    }
    for place in 0..<40 { #expect(ahead.next() == place * place) }
  }

  @Test func noMoreThanTheDepthIsMadeBeforeItIsTaken() {
    let made = Mutex(0)
    let ahead = Lookahead(50, depth: 5, threads: 2) { place in
      made.withLock { $0 += 1 }
      return place
    }
    for place in 0..<50 {
      usleep(2000)
      #expect(made.withLock { $0 } <= place + 5)
      #expect(ahead.next() == place)
    }
    #expect(made.withLock { $0 } == 50)
  }

  @Test func nothingIsBegunAfterTheStop() {
    let made = Mutex(0)
    let ahead = Lookahead(1000, depth: 4, threads: 2) { place in
      made.withLock { $0 += 1 }
      return place
    }
    _ = ahead.next()
    ahead.stop()
    usleep(20_000)
    let count = made.withLock { $0 }
    // The first four, and one more for the one that was taken.
    #expect((1...5).contains(count))
    usleep(20_000)
    #expect(made.withLock { $0 } == count)
  }

  private static func model(threads: Int) throws -> ZooModel {
    try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors") { options in
      (options.visionActivation, options.textActivation) = (.gelu, .gelu)
    }.model.with(threads: threads)
  }

  /// Seven items in rounds of two or three, one for each processor.
  @Test(.enabled(if: Parallel().threads > 1)) func wholeRoundsHaveAThreadEachAndTheRestHasThemAll() throws {
    let model = try Self.model(threads: 3)
    var found: [[Int]] = []
    model.sideBySide(Array(10..<17)) { model, item in
      [item, model.engine.parallel.threads]
    } each: { place, result in
      #expect(place == found.count)
      found.append(result)
    }
    #expect(found == [[10, 1], [11, 1], [12, 1], [13, 1], [14, 1], [15, 1], [16, 3]])
  }

  @Test func oneThreadWorksOnTheCallersOwn() throws {
    let caller = ObjectIdentifier(Thread.current)
    try Self.model(threads: 1).sideBySide([1, 2, 3]) { _, _ in
      ObjectIdentifier(Thread.current) == caller
    } each: {
      #expect($1)
    }
  }

  @Test func whatEachThrowsEndsTheRun() throws {
    struct Enough: Error {}
    let model = try Self.model(threads: 2)
    var seen = 0
    #expect(throws: Enough.self) {
      try model.sideBySide(Array(0..<100)) { _, item in
        item
      } each: { place, _ in
        seen += 1
        if place == 4 { throw Enough() }
      }
    }
    #expect(seen == 5)
  }

  @Test func embeddingsAreThoseOfOneAfterTheOther() throws {
    let model = try Self.model(threads: 3), size = try model.preprocessing.size
    let pictures = (0..<11).map { number in
      PixelTensor(
        height: size.height, width: size.width,
        values: (0..<3 * size.height * size.width).map { Float(($0 &* 7919 &+ number &* 104_729) % 2003) / 1000 - 1 })
    }
    var found: [[Float]] = []
    try model.sideBySide(pictures) { model, picture in
      Result { try model.imageEmbeddings([picture])[0] }
    } each: {
      found.append(try $1.get())
    }
    let one = model.with(threads: 1)
    #expect(try found == pictures.map { try one.imageEmbeddings([$0])[0] })
    #expect(Set(found).count == 11)
  }
}
