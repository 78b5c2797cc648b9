import CProcess
import Foundation
import Testing
import ZooCheckpoints
import ZooTensors

/// A file that becomes shorter while it is read: the command names it and ends with exit code 1.
@Suite struct FilesThatShrinkTests {
  @Test func whatIsMissingIsAnErrorThatNamesTheFile() async throws {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      zoo_catch_faults()
      let folder = try TemporaryFolder()
      let path = try folder.write([UInt8](repeating: 7, count: 1 << 20), "cut.safetensors")
      let map = try MappedFile(path)
      try #require(truncate(path, 4096) == 0)
      folder.remove("cut.safetensors")
      let sum = map.view.bytes.reduce(0) { $0 &+ Int($1) }
      print(sum)
    }
    let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(errors.contains("cut.safetensors: the file became shorter while it was read, or its disk failed\n"))
  }

  /// A different file, mapped at the same address later, has its own name.
  @Test func namesAreForgottenWithTheirFiles() async throws {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      zoo_catch_faults()
      let folder = try TemporaryFolder()
      for number in 0..<600 {
        _ = try MappedFile(try folder.write([1], "whole\(number)"))
      }
      let path = try folder.write([UInt8](repeating: 7, count: 8192), "cut")
      let map = try MappedFile(path)
      try #require(truncate(path, 0) == 0)
      print(map.view.bytes[0])
    }
    let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(errors.contains("/cut: the file became shorter"), "\(errors)")
  }
}
