import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Damaged files of every kind are rejected or read, without a trap, a hang or an out-of-bounds read.
///
/// Seeded, so that failures are reproducible. `ZOO_MUTATIONS` sets the number of files of each kind (2,000 by default).
@Suite struct MutationTests {
  static let count = ProcessInfo.processInfo.environment["ZOO_MUTATIONS"].flatMap(Int.init) ?? 2_000

  @Test func safetensors() throws {
    try run(goldenFiles("safetensors") + [literal], seed: 1) { bytes, mutator in mutator.mutate(&bytes) }
  }

  @Test func npy() throws {
    try run(goldenFiles("npy"), seed: 2) { bytes, mutator in mutator.mutate(&bytes) }
  }

  @Test func npz() throws {
    try run(goldenFiles("npz"), seed: 3) { bytes, mutator in mutator.mutate(&bytes) }
  }

  @Test func torchZip() throws {
    try run(goldenFiles("torch").filter { !$0.starts(with: [0x80]) }, seed: 4) { bytes, mutator in
      mutator.mutate(&bytes)
    }
  }

  @Test func torchLegacy() throws {
    try run(goldenFiles("torch").filter { $0.starts(with: [0x80]) }, seed: 5) { bytes, mutator in
      mutator.mutate(&bytes)
    }
  }

  /// The checksums of an archive protect its content: here the members change, and the archive is rebuilt.
  @Test func membersOfArchives() throws {
    let archives = try (goldenFiles("torch") + goldenFiles("npz")).filter { $0.starts(with: [0x50, 0x4B]) }.compactMap {
      try? StoredZip(reading: $0)
    }
    let whole = archives.map(\.bytes)
    #expect(whole.count > 8)
    for bytes in whole { try readAll(openBytes(bytes, "x")) }
    try run(whole, seed: 6) { bytes, mutator in
      guard var archive = try? StoredZip(reading: bytes) else { return }
      let interesting = archive.members.indices.filter {
        archive.members[$0].name.hasSuffix(".pkl") || archive.members[$0].name.hasSuffix(".npy")
      }
      guard let index = interesting.randomElement(using: &mutator.random) else { return }
      mutator.mutate(&archive.members[index].bytes)
      bytes = archive.bytes
    }
  }

  private var literal: [UInt8] {
    ZooCheckpointsTests.safetensors(
      #"{"__metadata__":{"a\n":"\u00e9\ud83d\ude00"},"w":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4],"x":[{"y":-1.5e9}]}}"#,
      [1, 2, 3, 4])
  }

  private func goldenFiles(_ folder: String) throws -> [[UInt8]] {
    try GoldenContainerTests.files(folder).map { try Golden.bytes("containers/" + $0) }.filter { $0.count < 20_000 }
  }

  private func run(
    _ seeds: [[UInt8]], seed: UInt64, _ change: (inout [UInt8], inout Mutator) -> Void
  ) throws {
    try #require(!seeds.isEmpty)
    var mutator = Mutator(random: SplitMix(state: seed), others: seeds)
    var refused = 0, read = 0, checksum: UInt = 0
    for _ in 0..<Self.count {
      var bytes = seeds.randomElement(using: &mutator.random)!
      change(&bytes, &mutator)
      do {
        let checkpoint = try openBytes(bytes, "x")
        for entry in checkpoint.entries {
          let tensor = try checkpoint.tensor(entry.name)
          if tensor.data.count != entry.byteCount { Issue.record("\(entry.name) has \(tensor.data.count) bytes") }
          touch(tensor, &checksum)
        }
        read += 1
      } catch let error as CheckpointError {
        if !error.description.hasPrefix("x: ") { Issue.record("\(error)") }
        refused += 1
      }
    }
    #expect(checksum > 0)
    #expect(refused > Self.count / 4, "the changes do not hurt")
    #expect(read > 0, "the changes are too rough: nothing is read any more")
  }

  /// Reads the first and the last byte, which must be there.
  private func touch(_ tensor: Tensor, _ checksum: inout UInt) {
    withExtendedLifetime(tensor) {
      guard let first = tensor.data.bytes.first, let last = tensor.data.bytes.last else { return }
      checksum &+= UInt(first &+ last)
    }
  }
}

/// The same sequence on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// Changes bytes as damage or an attacker would.
struct Mutator {
  var random: SplitMix
  let others: [[UInt8]]

  static let numbers: [UInt64] = [
    0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 62,
    0x7FFF_FFFF_FFFF_FFFF, 1 << 63, .max,
  ]
  static let digits = Array("0123456789{}[]\",:-eE.\\u'()LTF".utf8)

  mutating func mutate(_ bytes: inout [UInt8]) {
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty { mutateOnce(&bytes) }
  }

  private mutating func mutateOnce(_ bytes: inout [UInt8]) {
    let at = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<10, using: &random) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes[at] = Self.digits.randomElement(using: &random)!
    case 3:
      let number = Self.numbers.randomElement(using: &random)!
      for byte in 0..<[1, 2, 4, 8].randomElement(using: &random)! where at + byte < bytes.count {
        bytes[at + byte] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(byte)))
      }
    case 4: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...8, using: &random)))
    case 5: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + Int.random(in: 1...32, using: &random))], at: at)
    case 6: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
    case 7: bytes.removeSubrange(at...)
    case 8:  // swaps two places
      let other = Int.random(in: 0..<bytes.count, using: &random)
      bytes.swapAt(at, other)
    default:  // inserts a piece of another file
      let other = others.randomElement(using: &random)!
      let from = Int.random(in: 0..<max(other.count, 1), using: &random)
      let piece = other[from..<min(other.count, from + Int.random(in: 1...64, using: &random))]
      bytes.replaceSubrange(at..<min(bytes.count, at + piece.count), with: piece)
    }
  }
}
