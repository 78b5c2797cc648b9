import Foundation
import Testing
import ZooTestSupport

@testable import ZooStore

@Suite(.timeLimit(.minutes(30))) struct PullTests {
  let setting: PullSetting
  var hub: HubStub { setting.hub }

  init() throws { setting = try PullSetting() }

  @Test func tellsOfBytesAsTheyArrive() async throws {
    let body = noise(3_000_000)
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
    let puller = setting.puller(), steps = Events()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    _ = try await puller.fetch(plan) { steps.add("\($0.bytesDone)") }
    let counts = steps.all.compactMap { Int($0) }
    // More updates than just the beginning and end of one range.
    #expect(Set(counts).count > 3)
    #expect(counts == counts.sorted())
    #expect(counts.last == body.count)
  }

  @Test func fetchesFromTheContentHostWithoutTheToken() async throws {
    let body = noise(100_000)
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
    hub["owner/name/config.json"] = .init(Data("{}".utf8))
    hub.require(token: "hf_secret")
    let file = try await setting.pull("hf://owner/name", token: "hf_secret")
    #expect(try Data(contentsOf: file) == body)
    #expect(file.path.hasSuffix("downloads/owner--name/\(HubStub.commit)/name/model.safetensors"))
    #expect(try Data(contentsOf: file.deletingLastPathComponent().appending(path: "config.json")) == Data("{}".utf8))
    let content = hub.requests.filter { $0.path.hasPrefix("/content/") }
    #expect(content.count >= 2)
    #expect(content.allSatisfy { $0.headers["host"]?.hasPrefix("localhost:") == true })
    #expect(content.allSatisfy { $0.headers["authorization"] == nil })
    let own = hub.requests.filter { $0.path.hasPrefix("/owner/") }
    #expect(own.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
    #expect(hub.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
  }

  @Test func takesTheFirstCheckpointThatExistsAndWhatStandsBesideIt() async throws {
    hub["owner/name/pytorch_model.bin"] = .init(Data("old".utf8))
    hub["owner/name/open_clip_pytorch_model.bin"] = .init(Data("weights".utf8))
    hub["owner/name/open_clip_config.json"] = .init(Data("{\"a\": 1}".utf8))
    hub["owner/name/merges.txt"] = .init(Data("a b".utf8))
    hub["owner/name/README.md"] = .init(Data("not wanted".utf8))
    let plan = try await setting.puller().plan(setting.source("hf://owner/name"))
    #expect(plan.files.map(\.name) == ["open_clip_pytorch_model.bin", "open_clip_config.json", "merges.txt"])
    #expect(plan.files.map(\.size) == [7, 8, 3])
    #expect(plan.bytesToFetch == 18)
    #expect(plan.commit == HubStub.commit)
    // A plan writes nothing.
    #expect(setting.folder.files.isEmpty)
  }

  @Test func asksForTheRevisionAndThenForItsCommit() async throws {
    hub["owner/name/model.safetensors"] = .init(Data("weights".utf8))
    _ = try await setting.pull("hf://owner/name@main/model.safetensors")
    let revisions = hub.requests.map { $0.path.split(separator: "/")[3] }
    #expect(revisions.first == "main")
    #expect(revisions.contains { $0 == HubStub.commit })
    let sentence = await setting.sentence { _ = try await setting.pull("hf://owner/name@v9") }
    #expect(sentence == "hf://owner/name@v9 does not exist (404)")
  }

  @Test func readsInRangesThatFitInMemory() async throws {
    let body = noise(9 << 20)
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
    let file = try await setting.pull("hf://owner/name")
    #expect(try Data(contentsOf: file) == body)
    let ranges = hub.requests.filter { $0.path.hasPrefix("/content/") }.compactMap(\.range).map(\.count)
    #expect(ranges.sorted() == [1, 1 << 20, 4 << 20, 4 << 20])
  }

  @Test func reportsHowFarItIs() async throws {
    let body = noise(9 << 20)
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
    hub["owner/name/config.json"] = .init(Data("{}".utf8))
    let steps = PullSetting.Pauses()
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    _ = try await puller.fetch(plan) { step in
      if step.bytesTotal == body.count + 2 { steps.add(Double(step.bytesDone)) }
    }
    #expect(steps.seconds.last == Double(body.count + 2))
    #expect(steps.seconds == steps.seconds.sorted())
    // Reported as bytes arrive, not range by range.
    #expect(steps.seconds.count > 9)
  }

  @Test func fetchesShardsThatAnIndexNames() async throws {
    let index =
      #"{"metadata": {}, "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors", "c": "m-1.safetensors"}}"#
    hub["owner/name/model.safetensors.index.json"] = .init(Data(index.utf8))
    hub["owner/name/m-1.safetensors"] = .init(noise(1000), digest: sha(noise(1000)))
    hub["owner/name/m-2.safetensors"] = .init(noise(2000), digest: sha(noise(2000)))
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    #expect(plan.files.map(\.name) == ["model.safetensors.index.json", "m-1.safetensors", "m-2.safetensors"])
    let file = try await puller.fetch(plan)
    #expect(try Data(contentsOf: file) == Data(index.utf8))
    #expect(try Data(contentsOf: plan.folder.appending(path: "m-2.safetensors")) == noise(2000))
    // Downloads are removed without a trace.
    puller.discard(plan)
    #expect(setting.folder.files.isEmpty)
  }

  /// A requested shard brings in the others named like it; an index may be that of a precision.
  @Test func fetchesShardsThatANameTells() async throws {
    let names = (1...3).map { "f/m.fp16-0000\($0)-of-00003.safetensors" }
    for (place, name) in names.enumerated() { hub["owner/name/\(name)"] = .init(noise(1000 + place)) }
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name/\(names[1])"))
    #expect(plan.files.map(\.name) == [names[1], names[0], names[2]])
    _ = try await puller.fetch(plan)
    #expect(try Data(contentsOf: plan.folder.appending(path: names[2])) == noise(1002))
    hub["owner/name/\(names[2])"] = nil
    let sentence = await setting.sentence { _ = try await setting.pull("hf://owner/name/\(names[0])") }
    #expect(sentence == "hf://owner/name/\(names[2]) does not exist (404)")
    let index = #"{"weight_map": {"a": "m.fp16-00001-of-00003.safetensors"}}"#
    hub["owner/name/f/m.safetensors.index.fp16.json"] = .init(Data(index.utf8))
    let indexed = try await puller.plan(setting.source("hf://owner/name/f/m.safetensors.index.fp16.json"))
    #expect(indexed.files.map(\.name) == ["f/m.safetensors.index.fp16.json", names[0]])
  }

  @Test(arguments: [
    (#"{"weight_map": {"a": "../../evil"}}"#, "'../../evil' is not the name of a file beside it"),
    (#"{"weight_map": {"a": ".hidden"}}"#, "'.hidden' is not the name of a file beside it"),
    (#"{"weights": {}}"#, "it has no weight_map"), ("no json", "it has no weight_map"),
  ])
  func refusesAnIndexThatLeadsElsewhere(index: String, reason: String) async throws {
    hub["owner/name/model.safetensors.index.json"] = .init(Data(index.utf8))
    let sentence = await setting.sentence { _ = try await setting.pull("hf://owner/name") }
    #expect(sentence == "hf://owner/name/model.safetensors.index.json is not an index of shards: \(reason)")
  }

  @Test(arguments: [
    ["model.fp16.safetensors.index.json", "model.fp16-00001-of-00001.safetensors"],
    ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
    ["weights.bin", "weights.fp16.bin"], ["mine.safetensors"],
  ])
  func aRepositoryWithoutAUsualNameIsReadAsAFolderIs(names: [String]) async throws {
    let index = "{\"weight_map\": {\"a\": \"model.fp16-00001-of-00001.safetensors\"}}"
    for name in names {
      hub["owner/name/\(name)"] = .init(name.hasSuffix(".json") ? Data(index.utf8) : noise(50), digest: nil)
    }
    hub["owner/name/README.md"] = .init(Data("x".utf8))
    hub["owner/name/onnx/other.bin"] = .init(noise(5))
    hub["owner/name/config.json"] = .init(Data("{}".utf8))
    let plan = try await setting.puller().plan(setting.source("hf://owner/name"))
    let wanted = names[0] == "weights.bin" ? ["weights.bin"] : names
    #expect(plan.checkpoint == names[0])
    #expect(plan.files.map(\.name) == wanted + ["config.json"])
  }

  @Test func severalCheckpointsOfARepositoryAreNamed() async throws {
    for name in ["one.safetensors", "two.safetensors"] { hub["owner/name/\(name)"] = .init(noise(50)) }
    let sentence = await setting.sentence { _ = try await setting.pull("hf://owner/name") }
    #expect(sentence.hasSuffix(", and several others: one.safetensors, two.safetensors"), "\(sentence)")
  }

  @Test func fetchesAFileFromTheWeb() async throws {
    let body = noise(5000)
    hub["files/weights.pt"] = .init(body)
    let file = try await setting.pull("http://localhost:\(hub.url.port!)/files/weights.pt?key=secret", token: "hf_x")
    #expect(file.lastPathComponent == "weights.pt")
    #expect(try Data(contentsOf: file) == body)
    #expect(hub.requests.allSatisfy { $0.headers["authorization"] == nil })
    #expect(hub.requests.allSatisfy { $0.target == "/files/weights.pt?key=secret" })
    let sentence = await setting.sentence {
      _ = try await setting.pull("http://localhost:\(hub.url.port!)/files/none.pt?key=secret")
    }
    #expect(sentence == "http://localhost:PORT/files/none.pt does not exist (404)")
  }

  @Test func fetchesFromAServerThatGivesNoRanges() async throws {
    hub.setRanges(false)
    let body = noise(6 << 20)
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
    hub["owner/name/config.json"] = .init(Data("{}".utf8))
    let file = try await setting.pull("hf://owner/name")
    #expect(try Data(contentsOf: file) == body)
  }

  @Test func fetchesAnEmptyFile() async throws {
    hub["files/empty.bin"] = .init(Data())
    let file = try await setting.pull("http://localhost:\(hub.url.port!)/files/empty.bin")
    #expect(try Data(contentsOf: file).isEmpty)
  }
}

/// The registry's locations lead to the right files.
@Suite(.timeLimit(.minutes(30))) struct RegisteredPullTests {
  let setting: PullSetting
  var hub: HubStub { setting.hub }

  init() throws { setting = try PullSetting() }

  /// A tag whose checkpoint the hub may lack, with another file on the web.
  private func source(digest: String) -> PullSource {
    var source = PullSource(place: .hub(HubRepository("owner/name")!), checkpoints: ["model.safetensors", "model.bin"])
    source.fallback = URL(string: "\(hub.contentURL)/files/weights.pt")
    source.digestPrefix = digest
    return source
  }

  @Test func takesTheWebWhereTheHubHasNoCheckpoint() async throws {
    let body = noise(5000)
    hub["owner/name/README.md"] = .init(Data())
    hub["files/weights.pt"] = .init(body)
    let puller = setting.puller()
    let file = try await puller.fetch(puller.plan(source(digest: String(sha(body).prefix(8)))))
    #expect(file.lastPathComponent == "weights.pt")
    #expect(try Data(contentsOf: file) == body)
    let sentence = await setting.sentence {
      _ = try await puller.fetch(puller.plan(source(digest: "00000000")))
    }
    #expect(
      sentence
        == "http://localhost:PORT/files/weights.pt is damaged: its SHA-256 is \(sha(body)) and should be 00000000…")
    #expect(setting.folder.files.isEmpty)
  }

  @Test func thePrefixIsNotAboutTheHubsFile() async throws {
    hub["owner/name/model.bin"] = .init(noise(40))
    let puller = setting.puller()
    #expect(try await puller.fetch(puller.plan(source(digest: "00000000"))).lastPathComponent == "model.bin")
  }
}
