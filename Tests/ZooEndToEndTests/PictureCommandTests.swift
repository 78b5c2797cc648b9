import Foundation
import Testing
import ZooTestSupport

/// What `explain` and `score` do with many pictures: no result is lost or overwritten.
@Suite final class PictureCommandTests {
  let zoo: Command
  private let scene = "Examples/examples/scene1.jpg"

  init() throws {
    zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
  }

  private func put(_ source: String, as name: String) throws -> String {
    let target = URL(filePath: zoo.file(name))
    try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Golden.repository.appending(path: source), to: target)
    return target.path
  }

  private func files(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: zoo.file(folder)).filter { $0.contains(".") }.sorted()
  }

  private func explain(_ arguments: [String], environment: [String: String] = [:]) throws -> Command.Outcome {
    try zoo.run(["explain", "ViT-Ti-8-emoji"] + arguments, environment: environment)
  }

  @Test func resultsThatUsedToMeetAreKeptApart() throws {
    let pictures = [
      try put(scene, as: "in/a/cat.jpg"), try put("Examples/examples/scene2.jpg", as: "in/b/cat.jpg"),
      try put("Examples/eval/images/000.png", as: "in/a/cat.png"),
    ]
    let prompts = ["a bee", "a-bee", "a bee 2", "蜜蜂", "пчела"].flatMap { ["-p", $0] }
    let first = try explain(pictures + prompts + ["-o", zoo.file("out")])
    #expect(first.code == 0, "\(first.errors)")
    let names = try files("out")
    #expect(names.count == 15 && names.filter { $0.hasPrefix("a/") }.count == 10)
    #expect(names.contains { $0.contains("蜜蜂") } && names.contains { $0.contains("пчела") })
    // The same call again gives the same files. A different variant, prompt or model only adds some.
    #expect(try explain(pictures + prompts + ["-o", zoo.file("out")]).code == 0)
    #expect(try files("out") == names)
    for more in [["--variant", "paper"], ["--alpha", "0.5"], ["--precision", "bf16"], ["--size", "96"]] {
      let before = try files("out")
      _ = try explain(pictures + ["-p", "a bee", "-o", zoo.file("out")] + more)
      #expect(try files("out").count == before.count + 3, "\(more)")
    }
  }

  @Test func aFileCanBeNamedWhereThereIsOneResult() throws {
    let one = try explain([scene, "-p", "a panda", "-o", zoo.file("one.png")])
    #expect(one.code == 0 && one.output.hasSuffix("one.png\n"), "\(one.errors)")
    #expect(try Data(contentsOf: URL(filePath: zoo.file("one.png"))).starts(with: [0x89, 0x50]))
    let input = try put("Examples/eval/images/000.png", as: "input.png")
    for (arguments, part) in [
      ([scene, "-p", "a", "-p", "b", "-o", zoo.file("two.png")], "makes 2"),
      ([scene, "-p", "a", "-o", zoo.file("two.jpg")], "as PNG"), ([input, "-p", "a", "-o", input], "pictures to read"),
      ([scene, "-p", "a", "-o", "\(input)/deeper"], "its folder is a file"),
    ] {
      let refused = try explain(arguments)
      #expect(refused.code == 2 && refused.errors.contains(part), "\(refused.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: zoo.file("two.png")))
  }

  @Test func whatCannotBeReadHoldsUpNothing() throws {
    for (index, source) in ["scene1.jpg", "scene2.jpg", "scene3.jpg", "scene4.jpg", "scene5.jpg"].enumerated() {
      _ = try put("Examples/examples/\(source)", as: "in/\(index).jpg")
    }
    let whole = try Data(contentsOf: URL(filePath: zoo.file("in/1.jpg")))
    try whole.prefix(9000).write(to: URL(filePath: zoo.file("in/1.jpg")))
    let arguments = [zoo.file("in"), "-p", "a panda", "-o", zoo.file("out")]
    let result = try explain(arguments)
    #expect(result.code == 1)
    #expect(
      result.errors == """
        zoo: \(zoo.file("in/1.jpg")) is a damaged JPEG: the file ends before the picture does
        zoo: 1 of 5 inputs could not be read

        """)
    #expect(try files("out").count == 4 && result.output.split(separator: "\n").count == 12)
    for command in ["explain", "score"] {
      let json = try zoo.run(
        [command, "ViT-Ti-8-emoji", zoo.file("in"), "-p", "a panda", "--json"]
          + arguments.suffix(command == "explain" ? 2 : 0))
      let report = try #require(try json.json() as? [String: Any])
      #expect(json.code == 1 && report["schema"] as? Int == 1)
      #expect((report["images"] as? [[String: Any]])?.count == 4)
      let errors = try #require(report["errors"] as? [[String: String]])
      #expect(errors.map { $0["input"] } == [zoo.file("in/1.jpg")])
    }
    let strict = try zoo.run("score", "ViT-Ti-8-emoji", zoo.file("in"), "-p", "a panda", "--strict")
    #expect(strict.code == 2 && strict.output.split(separator: "\n").count == 3, "\(strict.output)")
    #expect(strict.errors.hasPrefix("zoo: \(zoo.file("in/1.jpg")) is a damaged JPEG"))
    // Results from before the error are in the JSON, and so is the error.
    let json = try zoo.run("score", "ViT-Ti-8-emoji", zoo.file("in"), "-p", "a panda", "--strict", "--json")
    let report = try #require(try json.json() as? [String: Any])
    #expect(json.code == 2 && (report["images"] as? [Any])?.count == 1)
    #expect((report["errors"] as? [[String: String]])?.first?["input"] == zoo.file("in/1.jpg"))
  }

  /// Two threads process pictures side by side, and the last one together: order and files are those of one thread.
  @Test func resultsDoNotDependOnTheNumberOfThreads() throws {
    let names = ["000", "003", "001", "004", "002"].map { "Examples/eval/images/\($0).png" }
    for (threads, folder) in [("1", "one"), ("2", "two")] {
      let result = try explain(
        names + ["-p", "a bee", "--npy", "--grid", "--json", "--threads", threads, "-o", zoo.file(folder)])
      let images = try #require((try result.json() as? [String: Any])?["images"] as? [[String: Any]])
      #expect(result.code == 0 && images.map { $0["image"] as? String } == names, "\(result.errors)")
    }
    let results = try files("one")
    #expect(try results.count == 20 && files("two") == results)
    for name in results {
      let (one, two) = (zoo.file("one/\(name)"), zoo.file("two/\(name)"))
      #expect(try Data(contentsOf: URL(filePath: one)) == Data(contentsOf: URL(filePath: two)), "\(name)")
    }
  }

  /// The largest object in the first demo scene fits worse than the empty prompt fits the scene, and better than that fits noise.
  @Test func absenceIsMeasuredByPicturesThatShowNothing() throws {
    let prompts = ["panda", "kite", "teapot", "dog", "banana"].flatMap { ["-p", "a photo of a \($0)"] }
    for command in ["score", "explain"] {
      let result = try zoo.run(
        [command, "ViT-Ti-8-emoji", scene, "Examples/examples/scene2.jpg", "--json"] + prompts
          + (command == "explain" ? ["-o", zoo.file("maps")] : []))
      let images = try #require((try result.json() as? [String: Any])?["images"] as? [[String: Any]])
      let limits = Set(images.compactMap { $0["absent_below"] as? Double })
      #expect(limits.count == 1, "it does not depend on the picture: \(limits)")
      let first = try #require(images[0]["prompts"] as? [[String: Any]])
      #expect(first.map { $0["absent"] as? Bool } == [false, false, false, true, true])
      for prompt in first {
        let similarity = try #require(prompt["similarity"] as? Double)
        #expect(prompt["absent"] as? Bool == (similarity <= limits.first ?? 2))
      }
    }
  }

  @Test func namesThatAreNotUTF8AreRefusedAsSuch() throws {
    let folder = zoo.file("names"), command = Command.executable.path
    let made = try zoo.run(
      program: "/bin/bash",
      ["-c", "mkdir \(folder) && cp \(scene) $'\(folder)/b\\xffd.jpg' && cp \(scene) \(folder)/ok.jpg"])
    // macOS does not allow such names.
    guard made.code == 0 else { return }
    let all = try zoo.run("score", "ViT-Ti-8-emoji", folder, "-p", "a panda")
    #expect(all.code == 1 && all.output.contains("ok.jpg") && all.errors.contains("its name is not valid UTF-8"))
    let call = "\(command) convert $'\(folder)/b\\xffd.jpg'"
    let checkpoint = try zoo.run(program: "/bin/bash", ["-c", call])
    #expect(checkpoint.code == 2 && checkpoint.errors.contains("a name is not valid UTF-8; rename the file"))
    let through = try zoo.run(
      program: "/bin/bash", ["-c", "\(command) score ViT-Ti-8-emoji - -p 'a panda' < $'\(folder)/b\\xffd.jpg'"])
    #expect(through.code == 0, "\(through.errors)")
  }

  @Test func foldersAreSearchedAndWhatIsSkippedIsNamed() throws {
    _ = try put("Tests/Cases/formats/animated.webp", as: "in/x/anim.gif")
    _ = try put(scene, as: "in/photo.HEIC")
    _ = try put("README.md", as: "in/README.md")
    let result = try zoo.run("score", "ViT-Ti-8-emoji", zoo.file("in"), "-p", "a panda")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("in/photo.HEIC\n") && result.output.contains("in/x/anim.gif\n"))
    #expect(
      result.errors.hasPrefix(
        "note: \(zoo.file("in")) holds 1 file (\(zoo.file("in/README.md"))) of other kinds, skipped."))
    let none = try zoo.run("score", "ViT-Ti-8-emoji", "Manifests", "-p", "a panda")
    #expect(none.code == 2 && none.errors.contains("Manifests holds no pictures: "), "\(none.errors)")
  }

  @Test func picturesAndPromptsComeFromPipes() throws {
    let plain = try zoo.run("score", "ViT-Ti-8-emoji", scene, "-p", "a panda", "-p", "a kite").output
    let call = "\(Command.executable.path) score ViT-Ti-8-emoji"
    for script in [
      "\(call) - -p 'a panda' -p 'a kite' < \(scene)", "\(call) <(cat \(scene)) -p 'a panda' -p 'a kite'",
      "printf '# two\\na panda\\n\\n  # things\\na kite\\n' | \(call) \(scene) --prompts -",
      "\(call) \(scene) --prompts <(printf 'a panda\\r\\na kite')",
    ] {
      let result = try zoo.run(program: "/bin/bash", ["-c", script])
      #expect(result.code == 0 && result.output == plain, "\(script): \(result.errors)")
    }
  }

  /// They are named by numbers, which say nothing.
  @Test func resultsOfDifferentEmbeddingsAreKeptApart() throws {
    var header = Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0])
    header += Data("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 128), }".utf8)
    header += Data(repeating: 0x20, count: 128 - header.count - 1) + [0x0A]
    for (name, bits) in [("a", UInt8(0x3F)), ("b", 0x40)] {
      let first = Data([0, 0, 0x80, bits]), others = Data((1..<128).flatMap { _ in [0, 0, 0x80, 0x3F] as [UInt8] })
      try (header + first + others).write(to: URL(filePath: zoo.file("\(name).npy")))
      let result = try explain([scene, "--embeddings", zoo.file("\(name).npy"), "-o", zoo.file("out")])
      #expect(result.code == 0, "\(result.errors)")
    }
    #expect(try files("out").count == 2)
  }

  @Test func aTableGivesEachPictureItsPrompts() throws {
    let picture = try put(scene, as: "in/one.jpg")
    let table = zoo.file("in/table.csv")
    try "image,prompt\none.jpg,a panda\n\(Golden.repository.path)/\(scene),a kite\none.jpg,\"a bee, say\"\n"
      .write(toFile: table, atomically: true, encoding: .utf8)
    let result = try zoo.run("score", "ViT-Ti-8-emoji", "--prompts", table, "--json")
    #expect(result.code == 0, "\(result.errors)")
    let images = try #require((try result.json() as? [String: Any])?["images"] as? [[String: Any]])
    let prompts = images.map { ($0["prompts"] as? [[String: Any]] ?? []).compactMap { $0["prompt"] as? String } }
    #expect(images.map { $0["image"] as? String } == [picture, "\(Golden.repository.path)/\(scene)"])
    #expect(prompts == [["a panda", "a bee, say"], ["a kite"]])
    #expect(try zoo.run("score", "ViT-Ti-8-emoji", scene, "--prompts", table).code == 2)
  }

  @Test func whatHappensToPicturesAndPromptsIsNoted() throws {
    let long = String(repeating: "panda ", count: 80) + "kite"
    let call = [
      "score", "ViT-Ti-8-emoji", "Tests/Golden/images/sources/exif_6.jpg", "-p", "A panda", "-p", "a  panda", "-p",
      long, "--size", "100",
    ]
    let result = try zoo.run(call)
    #expect(
      result.errors == """
        note: 'panda panda pand… panda panda panda kite' has 81 tokens, but the model takes 30: what follows \
        'panda panda panda panda ' is cut off.
        note: 'A panda', 'a  panda' become the same tokens: their results are equal.
        note: Of 100x100 pixels, the model sees the 96x96 that whole patches of 8 pixels cover.
        note: 30 % of the picture is cut away; --resize longest or --resize squash keeps all of it.
        note: Tests/Golden/images/sources/exif_6.jpg asks to be turned by the EXIF orientation, which was not done; \
        --upright does it.

        """)
    #expect(try zoo.run(call + ["--quiet"]).errors.isEmpty)
    let report = try #require(try zoo.run(call + ["--json"]).json() as? [String: Any])
    #expect((report["notes"] as? [String])?.count == 5)
    let image = try #require((report["images"] as? [[String: Any]])?.first)
    #expect(image["size"] as? [Int] == [37, 53] && image["orientation"] as? Int == 6)
    // 53 x 37 becomes 143 x 100, of which columns 22 to 122 are kept.
    let crop = try #require(image["crop"] as? [String: Double])
    #expect(crop["top"] == 0 && crop["bottom"] == 37)
    #expect(abs((crop["left"] ?? 0) - 22.0 * 53 / 143) < 1e-9 && abs((crop["right"] ?? 0) - 122.0 * 53 / 143) < 1e-9)
  }

  @Test func errorsAreInTheJSONAsWell() throws {
    let result = try zoo.run("score", "ViT-Ti-8-emoji", "missing.png", "-p", "a", "--json")
    let report = try #require(try result.json() as? [String: Any])
    #expect(result.code == 2 && report["schema"] as? Int == 1)
    #expect(
      report["errors"] as? [[String: String]] == [["error": "missing.png cannot be read: No such file or directory"]])
  }
}
