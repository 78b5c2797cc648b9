import Foundation
import Testing
import ZooTestSupport

/// From a checkpoint to maps that point at the right objects.
@Suite struct MainJobTests {
  static let checkpoint = "Examples/ViT-Ti-8-emoji/open_clip_model.safetensors"

  @Test func theDemoCheckpointConvertsAndItsMapsPointAtTheObjects() throws {
    let zoo = try Command()
    let converted = try zoo.run("convert", Self.checkpoint, "--json")
    #expect(converted.code == 0, "\(converted.errors)")
    let report = try #require(try converted.json() as? [String: Any])
    #expect(report["model"] as? String == "ViT-Ti-8-emoji:local")
    #expect(report["tensors_read"] as? Int == 122)
    #expect(report["tensors_used"] as? Int == 122)

    let list = try #require(try zoo.run("list", "--installed", "--json").json() as? [[String: Any]])
    #expect(list.map { $0["architecture"] as? String } == ["ViT-Ti-8-emoji"])

    // One object in each of the six scenes, according to the boxes that the scenes were drawn with.
    let scenes = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: Golden.repository.appending(path: "Examples/examples/examples.json")))
        as? [[String: Any]])
    var hits = 0, objects = 0
    for scene in scenes {
      let image = "Examples/examples/\(scene["image"] as! String)"
      let things = scene["objects"] as! [[String: Any]]
      var arguments = ["explain", "ViT-Ti-8-emoji", image, "--npy", "--no-overlays", "--json", "-o", zoo.file("maps")]
      for thing in things { arguments += ["-p", "a photo of a \(thing["name"] as! String)"] }
      let process = try zoo.start(arguments)
      let data = (process.standardOutput as! Pipe).fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let result = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let prompts = try #require((result["images"] as? [[String: Any]])?[0]["prompts"] as? [[String: Any]])
      for (thing, prompt) in zip(things, prompts) {
        let file = try #require((prompt["files"] as? [String])?.first)
        let map = try npy(file)
        #expect(map.shape == [16, 16])
        let peak = try #require(map.values.indices.max { map.values[$0] < map.values[$1] })
        // Patch centres in pixels of the 384-pixel scene.
        let x = Double(peak % 16) * 24 + 12, y = Double(peak / 16) * 24 + 12
        let box = (thing["box"] as! [Double])
        objects += 1
        if x > box[0] - 12, x < box[2] + 12, y > box[1] - 12, y < box[3] + 12 { hits += 1 }
      }
    }
    #expect(objects >= 15)
    #expect(Double(hits) >= 0.75 * Double(objects), "\(hits) of \(objects) maps peak at their object")
  }

  @Test func twoCheckpointsOfOneModelAreComparedTensorByTensor() throws {
    let zoo = try Command()
    let models = "Tests/Golden/models/clip_gelu/checkpoints", first = "\(models)/hf/model.safetensors"
    let half = "\(models)/openclip_fp16/open_clip_model.safetensors"
    let same = try zoo.run("convert", first, "--against", half, "--json")
    #expect(same.code == 0, "\(same.errors)")
    let report = try #require(try same.json() as? [String: Any])
    #expect(report["equal"] as? Bool == true)
    #expect(report["layouts"] as? [String] == ["transformers-clip", "openclip"])
    #expect((report["tensors"] as? [[String: Any]])?.count == 86)
    var data = try Data(contentsOf: Golden.repository.appending(path: first))
    data[data.count - 1] ^= 0x80  // the sign of the last number
    try data.write(to: URL(filePath: zoo.file("other.safetensors")))
    let different = try zoo.run("convert", first, "--against", zoo.file("other.safetensors"))
    #expect(different.code == 1)
    #expect(different.output.hasPrefix("TENSOR"))
    #expect(try zoo.run("convert", first, "--against", Self.checkpoint).code == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: zoo.home.path) == ["other.safetensors"])
  }

  @Test func anExportedModelIsTheSameModelToTheCommand() throws {
    let zoo = try Command()
    #expect(try zoo.run("convert", Self.checkpoint).code == 0)
    let out = zoo.file("exports/hf")
    let exported = try zoo.run(
      "export", "ViT-Ti-8-emoji", "--layout", "transformers", "--max-shard", "5MB", "-o", out, "--json")
    #expect(exported.code == 0, "\(exported.errors)")
    let files = try #require((try exported.json() as? [String: Any])?["files"] as? [String])
    #expect(
      Set(files).isSuperset(of: [
        "model.safetensors.index.json", "config.json", "preprocessor_config.json", "vocab.json",
      ]))
    #expect(try zoo.run("convert", Self.checkpoint, "--against", out).code == 0)
    // With its own tokenizer, preprocessing and activation, the scores are the same.
    #expect(try zoo.run("convert", out, "--as", "again:x").code == 0)
    let scores = try ["ViT-Ti-8-emoji", "again"].map {
      try zoo.run("score", $0, "Examples/examples/scene1.jpg", "-p", "a photo of a panda", "-p", "a kite").output
    }
    #expect(scores[0] == scores[1])
    #expect(scores[0].contains("panda"))
    let refused = try zoo.run("export", "ViT-Ti-8-emoji", "--layout", "timm", "-o", zoo.file("exports/timm"))
    #expect(refused.code == 2)
    #expect(refused.errors == "zoo: ViT-Ti-8-emoji cannot be exported to timm: timm has no text tower\n")
    #expect(try zoo.run("export", "ViT-Ti-8-emoji", "--layout", "openclip", "-o", out).code == 2)
    #expect(try zoo.run("export", "again", "--layout", "openclip", "-o", "x", "--max-shard", "many").code == 64)
  }

  @Test func aConvertedModelIsProbed() throws {
    let zoo = try Command()
    func probe(_ arguments: String...) throws -> [String: Any]? {
      let result = try zoo.run(["convert", Self.checkpoint, "--force", "--json"] + arguments)
      #expect(result.code == 0, "\(result.errors)")
      let json = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: zoo.file("models/ViT-Ti-8-emoji/local/model.json"))))
      return (json as? [String: Any])?["probe"] as? [String: Any]
    }
    #expect(try probe("--no-probe") == nil)
    let first = try #require(try probe())
    #expect(Set(first.keys) == ["image", "text", "prompt"])
  }

  @Test func aModelThatGivesNoNumbersIsRefusedLoudly() throws {
    let zoo = try Command()
    let folder = Golden.repository.appending(path: "Examples/ViT-Ti-8-emoji")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    for name in names {
      try FileManager.default.copyItem(at: folder.appending(path: name), to: zoo.home.appending(path: name))
    }
    let file = zoo.file("open_clip_model.safetensors")
    var data = try Data(contentsOf: URL(filePath: file))
    data.replaceSubrange(data.count - 4000..<data.count, with: [UInt8](repeating: 0xFF, count: 4000))  // NaN
    try data.write(to: URL(filePath: file))
    let target = zoo.file("out/model")
    let refused = try zoo.run("convert", file, "-o", target)
    #expect(refused.code == 1)
    #expect(refused.errors.contains("holds NaN or infinite numbers"), "\(refused.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: zoo.file("out")) == [])
    let forced = try zoo.run("convert", file, "-o", target, "--no-probe")
    #expect(forced.code == 0)
    #expect(forced.output.contains("elements that are NaN or infinite"))
  }

  @Test func picturesSheetsAndTablesAreWritten() throws {
    let zoo = try Command()
    try zoo.run("convert", Self.checkpoint)
    let image = "Examples/examples/scene1.jpg"
    let plain = try zoo.run(
      "explain", "ViT-Ti-8-emoji:local", image, "-p", "a panda", "-p", "a panda", "-p", "a kite", "-o", zoo.file("out"))
    #expect(
      plain.code == 0
        && plain.errors == "note: 'a panda', 'a panda' become the same tokens: their results are equal.\n",
      "\(plain.errors)")
    let sheets = try zoo.run(
      "explain", zoo.file("models/ViT-Ti-8-emoji/local"), image, "-p", "a panda", "-o", zoo.file("out"), "--grid",
      "--layers-grid", "--size", "96x160", "--layers", "last:40%", "--variant", "paper", "--color-map", "viridis")
    #expect(sheets.code == 0, "\(sheets.errors)")
    let files = try FileManager.default.contentsOfDirectory(atPath: zoo.file("out")).sorted()
    // The same prompt twice is one result. An id of eight characters precedes each extension.
    let plainNames = files.map { $0.replacing(/\.[0-9a-z]{8}\.png$/, with: ".png") }
    #expect(
      plainNames == [
        "scene1.a-kite.legrad.png", "scene1.a-panda.legrad.png", "scene1.a-panda.legrad.png", "scene1.grid.legrad.png",
        "scene1.layers.legrad.png",
      ])
    for file in files {
      let bytes = try Data(contentsOf: URL(filePath: zoo.file("out/\(file)")))
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
    let scores = try zoo.run("score", "ViT-Ti-8-emoji", image, "-p", "a photo of a panda", "-p", "a photo of a banana")
    #expect(scores.output.hasPrefix("PROMPT               SIMILARITY  SOFTMAX\na photo of a panda"))
  }

  @Test func aClassifierExplainsItsClasses() throws {
    let zoo = try Command()
    let checkpoint = "Tests/Golden/models/vit_classifier/checkpoints/timm"
    #expect(try zoo.run("convert", checkpoint, "--heads", "4", "--as", "golden:vit", "--quiet").code == 0)
    func probabilities(_ options: String...) throws -> [String: Double] {
      let call = ["explain", "golden:vit", "Examples/examples/scene1.jpg", "--json", "-o", zoo.file("maps")] + options
      let report = try #require(try zoo.run(call).json() as? [String: Any])
      let prompts = try #require((report["images"] as? [[String: Any]])?[0]["prompts"] as? [[String: Any]])
      return Dictionary(
        uniqueKeysWithValues: prompts.compactMap { score in
          (score["prompt"] as? String).flatMap { name in (score["softmax"] as? Double).map { (name, $0) } }
        })
    }
    let all = try probabilities("--top", "10"), one = try probabilities("--class", "3")
    #expect(all.count == 10)
    #expect(abs(all.values.reduce(0, +) - 1) < 1e-5)
    let (name, share) = try #require(one.first)
    #expect(one.count == 1)
    #expect(abs(share - (all[name] ?? 0)) < 1e-6)

    let prompted = try zoo.run("explain", "golden:vit", "Examples/examples/scene1.jpg", "-p", "a cat")
    #expect(prompted.code == 2)
    #expect(prompted.errors.contains("--class NAME"))
  }

  @Test func registeredModelsAreListedAndShown() throws {
    let zoo = try Command()
    let list = try #require(try zoo.run("list", "--json").json() as? [[String: Any]])
    #expect(list.count == 222)
    #expect(list.reduce(0) { $0 + (($1["tags"] as? [Any])?.count ?? 0) } == 300)
    let show = try zoo.run("show", "ViT-H-14:laion2b_s32b_b79k")
    #expect(show.output.hasPrefix("ViT-H-14  (openclip_native), 986 M parameters, embedding 1024\n"))
    #expect(show.output.contains("hf://laion/CLIP-ViT-H-14-laion2B-s32B-b79K"))
  }

  @Test func aManifestOfOnesOwnIsOneMoreModel() throws {
    let zoo = try Command()
    let source = Golden.repository.appending(path: "Manifests/models/ViT-S-32.json")
    let text = try String(contentsOf: source, encoding: .utf8).replacing("\"ViT-S-32\"", with: "\"My-ViT\"")
    try text.write(toFile: zoo.file("my.json"), atomically: true, encoding: .utf8)
    #expect(try zoo.run("show", "My-ViT").code == 2)
    #expect(try zoo.run("show", "My-ViT", "--manifest", zoo.file("my.json")).code == 0)
    try FileManager.default.createDirectory(atPath: zoo.file("manifests"), withIntermediateDirectories: true)
    try text.write(toFile: zoo.file("manifests/my.json"), atomically: true, encoding: .utf8)
    #expect(try zoo.run("show", "My-ViT").code == 0)
  }

  @Test func fileNamesLeadToTheRegisteredModel() throws {
    let zoo = try Command()
    let file = zoo.file("ViT-S-32-laion2b_s32b_b79k.safetensors")
    #expect(try zoo.run("bench", "ViT-S-32", "--write-checkpoint", file).code == 0)
    // The file's name contains an architecture, but none of its tags.
    let refused = try zoo.run("convert", file)
    #expect(refused.code == 2)
    #expect(refused.errors.contains("does not say") && refused.errors.contains("--as"), "\(refused.errors)")
    let planned = try zoo.run("convert", file, "--as", "ViT-S-32:mine", "--activation", "gelu", "--dry-run")
    #expect(planned.output.contains("0 dropped by rule") || planned.code == 2, "\(planned.errors)")
  }

  private func npy(_ path: String) throws -> (shape: [Int], values: [Float]) {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let length = Int(bytes[8]) | Int(bytes[9]) << 8
    let header = String(decoding: bytes[10..<10 + length], as: UTF8.self)
    let shape = header.split(separator: "(")[1].split(separator: ")")[0].split(separator: ",")
      .compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    let values = stride(from: 10 + length, to: bytes.count, by: 4).map { at in
      Float(bitPattern: bytes[at..<at + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
    return (shape, values)
  }
}
