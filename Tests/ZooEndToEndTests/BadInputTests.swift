import Foundation
import Testing
import ZooTestSupport

/// One clear sentence with the remedy, exit code 1 or 2, and no partial files.
@Suite struct BadInputTests {
  @Test func filesThatAreNoCheckpointsAreRefused() throws {
    let zoo = try Command()
    try Data().write(to: URL(filePath: zoo.file("empty.safetensors")))
    let whole = try Data(contentsOf: Golden.repository.appending(path: MainJobTests.checkpoint))
    try whole.prefix(1_000_000).write(to: URL(filePath: zoo.file("cut.safetensors")))
    for (file, part) in [
      (zoo.file("missing.safetensors"), "missing.safetensors"), (zoo.file("empty.safetensors"), "empty"),
      (zoo.file("cut.safetensors"), "cut.safetensors"), ("README.md", "README.md"), ("/dev/zero", "/dev/zero"),
    ] {
      let result = try zoo.run("convert", file)
      #expect(result.code == 2, "\(file): \(result.errors)")
      #expect(result.errors.hasPrefix("zoo: ") && result.errors.contains(part), "\(result.errors)")
      #expect(result.errors.split(separator: "\n").count <= 2)
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: zoo.home.path)
    #expect(left.sorted() == ["cut.safetensors", "empty.safetensors"])
  }

  @Test func callsThatMeanNothingAreRefused() throws {
    let zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
    let image = "Examples/examples/scene1.jpg"
    func expect(_ arguments: [String], _ sentence: String, code: Int32 = 2) throws {
      let process = try zoo.start(arguments)
      let errors = (process.standardError as! Pipe).fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == code, "\(arguments)")
      #expect(String(decoding: errors, as: UTF8.self) == "zoo: \(sentence)\n")
    }
    try expect(
      ["explain", "ViT-X", image, "-p", "a cat"],
      "no model called 'ViT-X' is installed\n"
        + "  'zoo list --installed' shows what is here; 'zoo convert FILE' brings a model in")
    try expect(
      ["score", "ViT-H-14:laion2b-s32b-b79k", image, "-p", "a cat"],
      "no model called 'ViT-H-14:laion2b-s32b-b79k' is installed\n"
        + "  'zoo pull ViT-H-14:laion2b_s32b_b79k' fetches it; 'zoo convert FILE' takes a file that is here")
    try expect(
      ["verify", "ViT-H-41"],
      "no model called 'ViT-H-41' is installed\n"
        + "  it cannot be pulled either: no architecture is called 'ViT-H-41'; did you mean ViT-H-14, ViT-H-16, ViT-B-16?"
    )
    try expect(
      ["show", "ViT-H14"],
      "no architecture is called 'ViT-H14'; did you mean ViT-H-14, ViT-H-16, ViT-L-14?\n"
        + "  'zoo list' shows all registered ones")
    try expect(
      ["explain", "ViT-Ti-8-emoji", image, "-p", "  \t "],
      "prompt 1 is blank; write what to look for, as in -p \"a photo of a cat\"")
    try expect(
      ["explain", "ViT-Ti-8-emoji", image, "-p", "x", "--layers", "4-9", "-o", zoo.file("o")],
      "layers 4-9 do not exist: the image tower has 6, 0 to 5")
    try expect(
      ["explain", "ViT-Ti-8-emoji", image, "-p", "x", "--size", "7", "-o", zoo.file("o")],
      "a picture of 7x7 holds no patch of 8 pixels; take a larger --size")
    try expect(
      ["explain", "ViT-Ti-8-emoji", zoo.file("nothing.png"), "-p", "x"],
      "\(zoo.file("nothing.png")) cannot be read: No such file or directory")
    #expect(try zoo.run("explain", "ViT-Ti-8-emoji", "README.md", "-p", "x", "-o", zoo.file("o")).code == 2)
    #expect(try zoo.run("explain", "ViT-Ti-8-emoji", image, "-p", "x", "-o", "README.md/deeper").code == 2)
    #expect(try zoo.run("explain", "ViT-Ti-8-emoji", image).code == 2)
    #expect(try zoo.run("explain").code == 64)
    let misspelt = try zoo.run("expalin", "ViT-Ti-8-emoji", image)
    #expect(misspelt.code == 64 && misspelt.errors == "zoo: there is no command 'expalin'; did you mean explain?\n")
  }

  @Test func aConversionThatIsStoppedLeavesNothing() throws {
    let zoo = try Command()
    let file = zoo.file("big.safetensors"), target = zoo.file("models/ViT-B-32/laion2b_s34b_b79k")
    #expect(try zoo.run("bench", "ViT-B-32", "--write-checkpoint", file).code == 0)
    let process = try zoo.start(["convert", file, "--as", "ViT-B-32:laion2b_s34b_b79k"])
    let folder = zoo.file("models/ViT-B-32")
    var names: [String] = []
    while process.isRunning, names.isEmpty {
      names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      usleep(2000)
    }
    #expect(names.allSatisfy { $0.hasPrefix(".") }, "\(names) while it works")
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    #expect(!FileManager.default.fileExists(atPath: target))
    #expect(try zoo.run("list", "--installed").output.isEmpty)
  }
}
