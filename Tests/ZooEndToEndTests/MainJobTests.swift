import Foundation
import Testing
import ZooTestSupport

/// From a checkpoint to pictures that point at the right things.
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

    // One object of each of the six scenes, by the boxes that the scenes were drawn with.
    let scenes = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: Golden.repository.appending(path: "Examples/examples/examples.json")))
        as? [[String: Any]])
    var hits = 0, objects = 0
    for scene in scenes {
      let image = "Examples/examples/\(scene["image"] as! String)"
      let things = scene["objects"] as! [[String: Any]]
      var arguments = ["explain", "ViT-Ti-8-emoji", image, "--npy", "--json", "-o", zoo.file("maps")]
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

  @Test func picturesSheetsAndTablesAreWritten() throws {
    let zoo = try Command()
    try zoo.run("convert", Self.checkpoint)
    let image = "Examples/examples/scene1.jpg"
    let plain = try zoo.run(
      "explain", "ViT-Ti-8-emoji:local", image, "-p", "a panda", "-p", "a panda", "-p", "a kite", "-o", zoo.file("out"))
    #expect(plain.code == 0 && plain.errors.isEmpty, "\(plain.errors)")
    let sheets = try zoo.run(
      "explain", zoo.file("models/ViT-Ti-8-emoji/local"), image, "-p", "a panda", "-o", zoo.file("out"), "--grid",
      "--layers-grid", "--size", "96x160", "--layers", "last:40%", "--variant", "paper", "--color-map", "viridis")
    #expect(sheets.code == 0, "\(sheets.errors)")
    let files = try FileManager.default.contentsOfDirectory(atPath: zoo.file("out")).sorted()
    #expect(
      files == [
        "scene1.a-kite.png", "scene1.a-panda-2.png", "scene1.a-panda.png", "scene1.grid.png", "scene1.layers.png",
      ])
    for file in files {
      let bytes = try Data(contentsOf: URL(filePath: zoo.file("out/\(file)")))
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
    let scores = try zoo.run("score", "ViT-Ti-8-emoji", image, "-p", "a photo of a panda", "-p", "a photo of a banana")
    #expect(scores.output.hasPrefix("PROMPT               SIMILARITY  SOFTMAX\na photo of a panda"))
  }

  @Test func registeredModelsAreListedAndShown() throws {
    let zoo = try Command()
    let list = try #require(try zoo.run("list", "--json").json() as? [[String: Any]])
    #expect(list.count == 111)
    #expect(list.reduce(0) { $0 + (($1["tags"] as? [Any])?.count ?? 0) } == 149)
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
    // The file's name holds an architecture, but no tag of it.
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
