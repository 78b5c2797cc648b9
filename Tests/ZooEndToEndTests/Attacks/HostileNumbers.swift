import Foundation
import Testing
import ZooTestSupport

/// Files with numbers that no model has: every command reports them, and processes all others.
@Suite(.timeLimit(.minutes(30))) struct HostileNumbersTests {
  let zoo: Command
  private static let cases = Golden.repository.appending(path: "Tests/Cases/attacks/json")
  private static let picture = "Examples/examples/scene1.jpg"

  init() throws {
    zoo = try Command()
    #expect(try zoo.run("convert", "Examples/ViT-Ti-8-emoji", "--no-probe").code == 0)
  }

  private func place(_ data: Data, _ path: String) throws {
    let url = URL(filePath: zoo.file(path))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  @Test(arguments: [
    ("doctor-x-foreign-11", "foreign.count must be between 0 and 100000, not 2147483648"),
    ("show-both-blocks-26", "vision.blocks.width must be between 1 and 65536, not 1000000"),
    ("verify-x-vision.blocks.layers-7", "vision.blocks.layers must be between 1 and 1024, not 1000000"),
  ])
  func aModelOfImpossibleNumbersStopsNoOther(name: String, sentence: String) throws {
    try place(Data(contentsOf: Self.cases.appending(path: "\(name)/model.json")), "models/Evil/one/model.json")
    let verified = try zoo.run("verify", "--no-probe")
    #expect(verified.code == 1)
    #expect(verified.output.contains("ViT-Ti-8-emoji:local  sound"))
    #expect(verified.output.contains("Evil:one  DAMAGED\n  it cannot be read: model.json: \(sentence)"))
    #expect(try zoo.run("doctor").output.contains(sentence))
    #expect(try zoo.run("list", "--installed").output.contains("ViT-Ti-8-emoji:local"))
    #expect(try zoo.run("show", "ViT-Ti-8-emoji").code == 0)
    let shown = try zoo.run("show", "Evil:one")
    #expect(shown.code == 2)
    #expect(shown.errors.contains("Evil:one is installed and cannot be read: model.json: \(sentence)"))
  }

  @Test func whatIsNoFileIsNotWaitedFor() throws {
    try FileManager.default.createDirectory(atPath: zoo.file("models/Evil/one"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: zoo.file("manifests"), withIntermediateDirectories: true)
    #expect(mkfifo(zoo.file("models/Evil/one/model.json"), 0o600) == 0)
    #expect(mkfifo(zoo.file("manifests/pipe.json"), 0o600) == 0)
    try FileManager.default.createSymbolicLink(
      atPath: zoo.file("manifests/zero.json"), withDestinationPath: "/dev/zero")
    try place(Data(count: (8 << 20) + 1), "manifests/large.json")
    let manifest = try Data(
      contentsOf: Self.cases.appending(path: "list-architecture.vision.registers-1/mani.json"))
    try place(manifest, "manifests/registers.json")
    let listed = try zoo.run("list", "--installed")
    #expect(listed.code == 0)
    #expect(listed.output.contains("ViT-Ti-8-emoji:local"))
    for sentence in [
      "pipe.json cannot be read: it is not a file: it is left out", "zero.json cannot be read: it is not a file",
      "large.json cannot be read: it is larger than 8388608 bytes",
      "registers must be between 0 and 1024, not 46116860",
    ] { #expect(listed.errors.contains(sentence), "\(sentence)") }
    #expect(try zoo.run("doctor").output.contains("pipe.json cannot be read: it is not a file: it is left out."))
    #expect(
      try zoo.run("verify", "--no-probe").output.contains("Evil:one  DAMAGED\n  it cannot be read: model.json: it is"))
    let explicit = try zoo.run("list", "--manifest", zoo.file("manifests/pipe.json"))
    #expect(explicit.code == 2)
    #expect(explicit.errors.contains("pipe.json cannot be read: it is not a file\n"))
  }

  @Test(arguments: [
    ("explain-crop_size-1", "'crop_size' is 1x1, which cannot be honoured"),
    ("convert-text_config.eos_token_id-1", "config.json cannot be used: "),
    ("dry-text_config.vocab_size-2", "config.json cannot be used: "),
  ])
  func aConfigurationOfImpossibleNumbersIsRefused(name: String, sentence: String) throws {
    let folder = zoo.file("checkpoint")
    if name.contains("preprocess_cfg") {
      try FileManager.default.copyItem(
        atPath: Golden.repository.appending(path: "Examples/ViT-Ti-8-SigLIP-emoji").path, toPath: folder)
    } else {
      #expect(try zoo.run("export", "ViT-Ti-8-emoji", "--layout", "transformers", "-o", folder).code == 0)
    }
    for file in try FileManager.default.contentsOfDirectory(atPath: Self.cases.appending(path: name).path) {
      try place(Data(contentsOf: Self.cases.appending(path: "\(name)/\(file)")), "checkpoint/\(file)")
    }
    for options in [["--dry-run"], ["--no-probe"]] {
      let result = try zoo.run(["convert", folder] + options)
      #expect(result.code == 2)
      #expect(result.errors.contains(sentence), "\(result.errors)")
    }
  }

  @Test func optionsHaveTheSameLimits() throws {
    let most = "9223372036854775807"
    func explain(_ options: String...) throws -> String {
      let result = try zoo.run(
        ["explain", "ViT-Ti-8-emoji", Self.picture, "-p", "x", "-o", zoo.file("out")] + options)
      #expect(result.code == 2 || result.code == 64, "\(options)")
      return result.errors
    }
    #expect(try explain("--threads", most).contains("--threads must be between 1 and 1024."))
    #expect(try explain("--layers", "0-\(most)").contains("layers 0-\(most) do not exist"))
    #expect(try explain("--layers", "last:\(most)").contains("layers last:\(most) do not exist"))
    #expect(try explain("--size", most).contains("is too large: a side has at most 8192 pixels"))
    #expect(try explain("--size", "8192").contains("has more than 65536 patches of 8 pixels"))
    #expect(try zoo.run("bench", "ViT-Ti-8-emoji", "--prompts", most).code == 64)
    #expect(try zoo.run("bench", "ViT-Ti-8-emoji", "--runs", most).code == 64)
    let heads = try zoo.run("convert", "Examples/ViT-Ti-8-emoji", "--heads", most, "--dry-run")
    #expect(heads.code == 2)
    #expect(heads.errors.contains("heads must be between 1 and 65536"))
  }
}
