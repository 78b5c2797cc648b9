import Foundation
import Testing
import ZooTestSupport

/// Limits on file sizes and memory: a sentence and exit code 1, and no partial files.
@Suite(.timeLimit(.minutes(30))) struct LimitsOfTheShellTests {
  let zoo: Command

  init() throws { zoo = try Command() }

  private func run(_ limit: String, _ arguments: [String]) throws -> Command.Outcome {
    try zoo.run(
      program: "/bin/sh",
      ["-c", "ulimit \(limit); exec timeout 100 \"$@\"", "sh", Command.executable.path] + arguments)
  }

  @Test func aFileThatMayNotGrow() throws {
    let result = try run("-f 4096", ["convert", "Examples/ViT-Ti-8-emoji"])
    #expect(result.code == 1)
    #expect(result.errors.hasPrefix("zoo: "))
    #expect(result.errors.contains("File too large"), "\(result.errors)")
    let left = try? FileManager.default.contentsOfDirectory(atPath: zoo.file("models/ViT-Ti-8-emoji"))
    #expect(left ?? [] == [])
  }

  @Test func resultsThatMayNotGrow() throws {
    #expect(try zoo.run("convert", "Examples/ViT-Ti-8-emoji", "--no-probe").code == 0)
    let out = zoo.file("out")
    for arguments in [
      ["explain", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a cat", "-o", out],
      ["export", "ViT-Ti-8-emoji", "--layout", "transformers", "-o", zoo.file("exported")],
    ] {
      let result = try run("-f 8", arguments)
      #expect(result.code == 1, "\(arguments) \(result.errors)")
      #expect(result.errors.contains("File too large"), "\(result.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: out) == [])
    #expect(!FileManager.default.fileExists(atPath: zoo.file("exported")))
  }

  #if os(Linux)
    /// Below about 250 MB, depending on the system's shared libraries, the loader's own error ends the process before it starts.
    @Test(arguments: [320_000, 400_000, 500_000]) func memoryThatIsTooLittleToStart(kilobytes: Int) throws {
      let result = try run("-v \(kilobytes)", ["list"])
      #expect(result.code == 1)
      let sentence = "zoo: the limit for memory (ulimit -v) is \(kilobytes >> 10) MB, and at least "
      #expect(result.errors.hasPrefix(sentence) && result.errors.hasSuffix(" MB are needed\n"), "\(result)")
    }

    /// At any limit: success or an error.
    @Test(arguments: Array(stride(from: 600_000, to: 1_400_000, by: 200_000))) func memoryThatMayBeTooLittle(
      kilobytes: Int
    ) throws {
      #expect(try zoo.run("convert", "Examples/ViT-Ti-8-emoji", "--no-probe").code == 0)
      for arguments in [
        ["list"], ["verify"], ["convert", "Examples/ViT-Ti-8-SigLIP-emoji", "-o", zoo.file("m\(kilobytes)")],
        ["explain", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a cat", "-o", zoo.file("out")],
      ] {
        let result = try run("-v \(kilobytes)", arguments)
        #expect(result.code == 0 || result.code == 1 && result.errors.contains("zoo: "), "\(arguments) \(result)")
      }
    }
  #endif
}
