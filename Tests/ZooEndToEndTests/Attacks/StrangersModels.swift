import Foundation
import Testing
import ZooTestSupport

/// A model folder from a stranger: its names, links and texts.
@Suite(.timeLimit(.minutes(30))) struct StrangersModelsTests {
  let zoo: Command
  private var folder: String { zoo.file("models/ViT-Ti-8-emoji/local") }
  private let vocabulary = "bpe_simple_vocab_16e6.txt.gz"

  init() throws {
    zoo = try Command()
    #expect(try zoo.run("convert", "Examples/ViT-Ti-8-emoji").code == 0)
  }

  private func edit(_ from: String, _ to: String) throws {
    let file = URL(filePath: "\(folder)/model.json")
    let text = try String(contentsOf: file, encoding: .utf8), other = text.replacing(from, with: to)
    try #require(other != text)
    try other.write(to: file, atomically: true, encoding: .utf8)
  }

  @Test func namesNoFileOfItsReader() throws {
    try Data("root:x:0".utf8).write(to: URL(filePath: zoo.file("passwd")))
    try edit("\"\(vocabulary)\"\n", "\"../../../passwd\"\n")
    let exported = try zoo.run("export", folder, "--layout", "openclip", "-o", zoo.file("out"))
    #expect(exported.code == 2)
    #expect(exported.errors.contains("tokenizer_files must be names of files in the model's folder"))
    #expect(!FileManager.default.fileExists(atPath: zoo.file("out")))
  }

  @Test(arguments: ["weights.safetensors", "bpe_simple_vocab_16e6.txt.gz"]) func linksToNoFileOfItsReader(name: String)
    throws
  {
    try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: zoo.file("secret"))
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: zoo.file("secret"))
    for command in [
      ["export", folder, "--layout", "openclip", "-o", zoo.file("out")],
      ["score", folder, "Examples/examples/scene1.jpg", "-p", "x"],
    ] {
      let result = try zoo.run(command)
      #expect(result.code == 2)
      #expect(result.errors.contains("it is a symbolic link"), "\(result.errors)")
    }
    let verified = try zoo.run("verify")
    #expect(verified.code == 1)
    #expect(verified.output.contains("the file \(name) is not used: it is a symbolic link"))
    // Nor is it read in order to say what is wrong with it.
    try Data("root:x:0".utf8).write(to: URL(filePath: zoo.file("secret")))
    let unread = try zoo.run("export", folder, "--layout", "openclip", "-o", zoo.file("out"))
    #expect(unread.code == 2 && unread.errors.contains("it is a symbolic link"), "\(unread.errors)")
  }

  @Test func aDestroyedTokenizerIsNoAgreement() throws {
    try Data("nothing".utf8).write(to: URL(filePath: "\(folder)/\(vocabulary)"))
    let verified = try zoo.run("verify")
    #expect(verified.code == 1)
    #expect(verified.output.contains("the file \(vocabulary) is damaged: its bytes are not those that were converted"))
    // Without digests, the prompt that cannot be computed reveals it.
    try edit("\"tokenizer_digests\"", "\"former_digests\"")
    let old = try zoo.run("verify")
    #expect(old.code == 1)
    #expect(old.output.contains("a fixed prompt no longer has an embedding"))
  }

  @Test func aModelOfAnEarlierVersionIsReadAndSaysWhatItLacks() throws {
    try edit("\"tokenizer_digests\"", "\"former_digests\"")
    let verified = try zoo.run("verify")
    #expect(verified.code == 0)
    #expect(
      verified.output.contains("probe agrees; converted before tokenizer files had digests: these were not checked"))
  }

  @Test func noTerminalIsSteered() throws {
    try edit("\"layout\" : \"openclip\"", "\"layout\" : \"open\\u001b[2J\\u009b31m\\u202eclip\"")
    for arguments in [["show", "ViT-Ti-8-emoji"], ["show", "ViT-Ti-8-emoji", "--json"]] {
      let shown = try zoo.run(arguments)
      #expect(shown.code == 0)
      #expect(shown.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
      #expect(!shown.output.unicodeScalars.contains("\u{202E}"))
    }
    #expect(try zoo.run("show", "ViT-Ti-8-emoji").output.contains("from open\\u{1b}[2J\\u{9b}31m\\u{202e}clip:"))
    let json = try zoo.run("show", "ViT-Ti-8-emoji", "--json").json() as? [String: Any]
    #expect(json?["layout"] as? String == "open\u{1B}[2J\u{9B}31m\u{202E}clip")
    for arguments in [
      ["show", "a\u{1B}[2Jb"], ["list", "--\u{1B}[2J"], ["inspect", "/nowhere/\u{1B}]0;x\u{7}"],
      ["pull", "hf://a\u{1B}[2J/b"], ["convert", "Examples/ViT-Ti-8-emoji", "--as", "a:\u{1B}[2J"],
    ] {
      let refused = try zoo.run(arguments)
      #expect(refused.code != 0)
      #expect(refused.errors.lowercased().contains("\\u{1b}"), "\(refused.errors)")
      #expect(!refused.errors.unicodeScalars.contains("\u{1B}"))
    }
  }

  @Test func twoRemovalsAtOnceAreNoAlarm() throws {
    let processes = try (0..<4).map { _ in try zoo.start(["rm", "ViT-Ti-8-emoji:local"]) }
    let outcomes = processes.map { process in
      let output = (process.standardOutput as! Pipe).fileHandleForReading.readDataToEndOfFile()
      let errors = (process.standardError as! Pipe).fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: output + errors, as: UTF8.self))
    }
    #expect(outcomes.filter { $0.1.contains("local removed, ") }.count == 1)
    for (code, text) in outcomes {
      #expect(
        code == 0 || code == 2 && text.contains("no model called 'ViT-Ti-8-emoji:local' is installed"), "\(text)")
    }
    #expect(try zoo.run("doctor").output.contains("interrupted processes left nothing behind"))
  }

  @Test func aHomeOfItsOwnIsHonoured() throws {
    let home = zoo.file("user")
    let listed = try zoo.run("doctor", "--json", environment: ["ZOO_HOME": "", "HOME": home]).json() as? [String: Any]
    #expect(listed?["home"] as? String == "\(home)/.zoo/")
  }
}
