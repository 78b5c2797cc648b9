import Foundation
import Testing
import ZooTestSupport

/// Standard output that cannot be written: an error in every command, but silence if the reader has had enough.
@Suite struct OutputTests {
  @Test(arguments: [
    "--help", "--version", "list", "list --json", "show ViT-B-32", "du", "doctor", "inspect CHECKPOINT",
    "convert CHECKPOINT --dry-run", "explain --help", "--generate-completion-script bash",
  ])
  func whatCannotBeWrittenIsAnError(_ call: String) throws {
    let zoo = try Command()
    let words = call.replacing("CHECKPOINT", with: MainJobTests.checkpoint)
    for (target, reason) in [("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
      #if os(Linux)
        let result = try zoo.run(program: "/bin/bash", ["-c", "exec \(Command.executable.path) \(words) \(target)"])
        #expect(result.code == 1, "\(words) \(target)")
        #expect(result.errors == "zoo: standard output cannot be written: \(reason)\n", "\(words) \(target)")
      #endif
    }
  }

  /// `score` writes its output after each picture, and again at the end.
  @Test func lostOutputIsSaidOnce() throws {
    #if os(Linux)
      let zoo = try Command()
      try zoo.run("convert", MainJobTests.checkpoint)
      let call = "score ViT-Ti-8-emoji Examples/examples/scene1.jpg -p bee --quiet"
      for call in [call, call + " --json"] {
        let result = try zoo.run(program: "/bin/bash", ["-c", "exec \(Command.executable.path) \(call) > /dev/full"])
        #expect(result.code == 1)
        #expect(result.errors == "zoo: standard output cannot be written: No space left on device\n", "\(call)")
      }
    #endif
  }

  @Test func aReaderThatHasEnoughEndsItQuietly() throws {
    // The reader has exited before the first byte arrives.
    let script = "set -o pipefail; (sleep 0.5; exec \(Command.executable.path) list --json) | true"
    let result = try Command().run(program: "/bin/bash", ["-c", script])
    #expect(result.code == 141 && result.errors.isEmpty && result.output.isEmpty, "\(result.errors)")
  }

  /// The next file that is opened would get the number of standard output.
  @Test func aClosedStandardOutputIsNoFileThatIsWritten() throws {
    let zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
    let call = "explain ViT-Ti-8-emoji Examples/examples/scene1.jpg -p 'a panda' -o \(zoo.file("a.png"))"
    let result = try zoo.run(program: "/bin/bash", ["-c", "exec \(Command.executable.path) \(call) >&-"])
    #expect(result.code == 1, "\(result.errors)")
    let picture = try Data(contentsOf: URL(filePath: zoo.file("a.png")))
    #expect(picture.starts(with: [0x89, 0x50]) && picture.suffix(8).starts(with: Data("IEND".utf8)))
  }
}
