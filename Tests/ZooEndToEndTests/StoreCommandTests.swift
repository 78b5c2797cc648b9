import Foundation
import Testing
import ZooTestSupport

/// What `zoo pull` and related commands do to a store, using a server that behaves like the hub.
@Suite(.timeLimit(.minutes(30))) struct StoreCommandTests {
  let zoo: Command
  let hub: HubStub
  private static let example = Golden.repository.appending(path: "Examples/ViT-Ti-8-emoji")
  /// As computed by `sha256sum`.
  private static let digest = "bb298330b69cf3e04d7ec04068af36ce86dbebadf5901f8472ad5aa77138e640"

  init() throws {
    zoo = try Command()
    hub = try HubStub()
  }

  /// Independent of the caches and tokens of whoever runs this.
  private var environment: [String: String] {
    [
      "HF_ENDPOINT": hub.url.absoluteString, "HF_HOME": zoo.file("hf"), "HF_HUB_CACHE": "", "HF_TOKEN": "",
      "HF_HUB_OFFLINE": "", "http_proxy": "", "all_proxy": "",
    ]
  }

  private func upload() throws {
    let weights = try Data(contentsOf: Self.example.appending(path: "open_clip_model.safetensors"))
    hub["zoo/ViT-Ti-8-emoji/open_clip_model.safetensors"] = .init(weights, digest: Self.digest)
    for name in ["open_clip_config.json", "bpe_simple_vocab_16e6.txt.gz"] {
      hub["zoo/ViT-Ti-8-emoji/\(name)"] = .init(try Data(contentsOf: Self.example.appending(path: name)))
    }
  }

  private var installed: [String] {
    get throws {
      let list = try zoo.run("list", "--installed", "--tags").output
      return list.split(separator: "\n").dropFirst().map { String($0.split(separator: " ")[0]) }
    }
  }

  @Test func aPullBringsAModelThatRuns() throws {
    try upload()
    let plan = try zoo.run("pull", "hf://zoo/ViT-Ti-8-emoji", "--dry-run", environment: environment)
    #expect(plan.code == 0, "\(plan.errors)")
    #expect(plan.output.contains("open_clip_model.safetensors    19 MB"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: zoo.home.path) == [])

    let pulled = try zoo.run("pull", "hf://zoo/ViT-Ti-8-emoji", environment: environment)
    #expect(pulled.code == 0, "\(pulled.errors)")
    #expect(pulled.errors.contains("to fetch: 20 MB"))
    #expect(pulled.output.hasPrefix("ViT-Ti-8-emoji:local  from openclip\n"))
    #expect(try installed == ["ViT-Ti-8-emoji:local"])
    // No temporary files are left.
    #expect(!FileManager.default.fileExists(atPath: zoo.file("downloads")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: zoo.file("locks")) == [])

    let scored = try zoo.run("score", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a panda", "-p", "a kite")
    #expect(scored.code == 0, "\(scored.errors)")

    hub.forgetRequests()
    let again = try zoo.run("pull", "hf://zoo/ViT-Ti-8-emoji", environment: environment)
    #expect(again.code == 0)
    #expect(again.output.hasPrefix("ViT-Ti-8-emoji:local is installed already"))
    #expect(hub.requests.filter { $0.path.contains("/content/") }.compactMap(\.range) == [0...0])
  }

  @Test func aRegisteredNameLeadsToItsRepository() throws {
    try upload()
    try zoo.register(repository: "zoo/ViT-Ti-8-emoji")
    let pulled = try zoo.run("pull", "emoji:v1", "--keep", environment: environment)
    #expect(pulled.code == 0, "\(pulled.errors)")
    #expect(try installed == ["Emoji:v1"])
    #expect(pulled.output.contains("fetched files: "))
    let usage = try #require(try zoo.run("du", "--json").json() as? [String: Any])
    #expect((usage["downloads"] as? Int ?? 0) > 19_000_000)
    // The name is enough: no server is asked.
    hub.forgetRequests()
    let again = try zoo.run("pull", "Emoji:v1", environment: environment)
    #expect(again.output.hasPrefix("Emoji:v1 is installed already"))
    #expect(hub.requests.isEmpty)
  }

  @Test func twoPullsOfTheSameModelDoNotHarmEachOther() throws {
    try upload()
    try zoo.register(repository: "zoo/ViT-Ti-8-emoji")
    let processes = try (0..<3).map { _ in try zoo.start(["pull", "Emoji:v1"], environment: environment) }
    let outputs = processes.map { process in
      let text = String(
        decoding: (process.standardOutput as! Pipe).fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return text
    }
    #expect(processes.map(\.terminationStatus) == [0, 0, 0])
    #expect(outputs.filter { $0.contains("installed already") }.count == 2)
    // Downloaded once.
    let ranges = hub.requests.filter { $0.path.contains("/content/") }.compactMap(\.range).filter { $0.count > 1 }
    #expect(ranges.reduce(0) { $0 + $1.count } < 20_000_000)
    #expect(try zoo.run("verify").code == 0)
    #expect(try zoo.run("doctor").output.contains("interrupted processes left nothing behind"))
  }

  @Test func twoConversionsOfTheSameModelDoNotHarmEachOther() throws {
    let file = "Examples/ViT-Ti-8-emoji"
    let processes = try (0..<3).map { _ in try zoo.start(["convert", file], environment: [:]) }
    let outputs = processes.map { process in
      let text = (process.standardOutput as! Pipe).fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return String(decoding: text, as: UTF8.self)
    }
    #expect(processes.map(\.terminationStatus) == [0, 0, 0])
    #expect(outputs.filter { $0.contains("is installed already") }.count == 2)
    #expect(try zoo.run("verify").code == 0)
  }

  @Test func aKilledPullContinuesAndItsLeftoversCanGo() throws {
    try upload()
    hub.inject(.reply(.init(503, headers: ["Retry-After": "60"])), at: "/content/", times: 200)
    let process = try zoo.start(
      ["pull", "hf://zoo/ViT-Ti-8-emoji/open_clip_model.safetensors"], environment: environment)
    // Killed while it waits for a server that is not ready.
    while process.isRunning, !hub.requests.contains(where: { $0.path.contains("/content/") }) { usleep(5_000) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(try installed == [])
    let folder = "downloads/zoo--ViT-Ti-8-emoji/\(HubStub.commit)/ViT-Ti-8-emoji"
    try FileManager.default.createDirectory(atPath: zoo.file(folder), withIntermediateDirectories: true)
    try Data(count: 10).write(to: URL(filePath: zoo.file("\(folder)/open_clip_model.safetensors.part")))
    let seen = try zoo.run("doctor")
    #expect(seen.code == 0)
    let place = URL(filePath: zoo.file(folder)).deletingLastPathComponent().path
    #expect(try seen.output.contains(Regex("  download .* B +[0-9]+ s  \(place)/?\n")))
    #expect(seen.output.contains("  lock  "))
    #expect(try zoo.run("doctor", "--fix").output.contains("deleted files left by interrupted processes"))
    #expect(try zoo.run("doctor").output.contains("interrupted processes left nothing behind"))
    #expect(!FileManager.default.fileExists(atPath: zoo.file("downloads")))
  }

  @Test func whatWasFetchedForAConversionThatFailedCanGo() throws {
    try upload()
    hub["zoo/ViT-Ti-8-emoji/open_clip_model.safetensors"] = .init(Data("this is no model, but it is whole".utf8))
    let pulled = try zoo.run("pull", "hf://zoo/ViT-Ti-8-emoji", environment: environment)
    #expect(pulled.code == 2)
    #expect(
      pulled.errors.contains("downloaded files are kept for the next 'zoo pull'; 'zoo doctor --fix' deletes them"))
    let report = try #require(try zoo.run("doctor", "--json").json() as? [String: Any])
    let left = try #require(report["leftovers"] as? [[String: Any]])
    #expect(left.map { $0["kind"] as? String } == ["download"])
    #expect((left[0]["bytes"] as? Int ?? 0) > 33)
    #expect((left[0]["age"] as? Int ?? 99) < 60)
    // Not while a process holds the lock, as one that converts it does.
    let name = zoo.file("locks/download-zoo--vit-ti-8-emoji.lock")
    let holder = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    defer { close(holder) }
    #expect(flock(holder, LOCK_EX) == 0)
    #expect(try zoo.run("doctor", "--fix").output.contains("interrupted processes left nothing behind"))
    #expect(FileManager.default.fileExists(atPath: zoo.file("downloads")))
    flock(holder, LOCK_UN)
    let fixed = try zoo.run("doctor", "--fix")
    #expect(fixed.output.contains("deleted files left by interrupted processes"))
    #expect(!FileManager.default.fileExists(atPath: zoo.file("downloads")))
  }

  @Test func whatIsKeptIsNoLeftover() throws {
    try upload()
    try zoo.run("pull", "hf://zoo/ViT-Ti-8-emoji", "--keep", environment: environment)
    #expect(try zoo.run("doctor", "--fix").output.contains("interrupted processes left nothing behind"))
    #expect(FileManager.default.fileExists(atPath: zoo.file("downloads")))
  }

  @Test func aFlippedBitIsFoundAndTheModelRemoved() throws {
    try zoo.run("convert", "Examples/ViT-Ti-8-emoji")
    let sound = try zoo.run("verify")
    #expect(sound.code == 0)
    #expect(sound.output == "ViT-Ti-8-emoji:local  sound: 122 tensors, 19 MB, probe agrees\n")
    let weights = zoo.file("models/ViT-Ti-8-emoji/local/weights.safetensors")
    let handle = try #require(FileHandle(forUpdatingAtPath: weights))
    let end = try handle.seekToEnd()
    try handle.seek(toOffset: end - 1)
    let last = try #require(try handle.read(upToCount: 1)?.first)
    try handle.seek(toOffset: end - 1)
    try handle.write(contentsOf: [last ^ 0x10])
    try handle.close()
    let damaged = try zoo.run("verify", "--json")
    #expect(damaged.code == 1)
    let result = try #require((try damaged.json() as? [[String: Any]])?.first)
    #expect(result["ok"] as? Bool == false)
    let defects = try #require(result["defects"] as? [String])
    #expect(defects.count == 1)
    #expect(defects[0].hasSuffix("is damaged: its bytes are not those that were converted"))
    #expect(result["probe_agrees"] == nil, "nothing was probed")
    // A damaged copy elsewhere is not a reason to remove the model with that name from the store.
    #expect(try zoo.run("verify", "ViT-Ti-8-emoji").output.contains("'zoo rm ViT-Ti-8-emoji:local' removes it"))
    let copy = zoo.file("copy")
    try FileManager.default.copyItem(atPath: zoo.file("models/ViT-Ti-8-emoji/local"), toPath: copy)
    let advice = try zoo.run("verify", copy).output
    #expect(advice.contains("remove \(copy)") && !advice.contains("zoo rm"), "\(advice)")
    #expect(try zoo.run("rm", "ViT-Ti-8-emoji", "nothing").code == 2)
    #expect(try installed == ["ViT-Ti-8-emoji:local"])
    #expect(try zoo.run("rm", "ViT-Ti-8-emoji").output.hasPrefix("ViT-Ti-8-emoji:local removed, 20 MB freed"))
    #expect(try installed == [])
    #expect(try zoo.run("verify").errors == "Nothing is installed.\n")
  }

  /// Every byte of the weights is correct, and yet it is a different model: only running it shows that.
  @Test func aModelThatComputesSomethingElseIsFound() throws {
    try zoo.run("convert", "Examples/ViT-Ti-8-emoji")
    let file = URL(filePath: zoo.file("models/ViT-Ti-8-emoji/local/model.json"))
    let text = try String(contentsOf: file, encoding: .utf8)
    let other = text.replacing(/"activation" *: *"gelu"/, with: "\"activation\":\"quick_gelu\"")
    #expect(other != text)
    try other.write(to: file, atomically: true, encoding: .utf8)
    #expect(try zoo.run("verify", "--no-probe").output == "ViT-Ti-8-emoji:local  sound: 122 tensors, 19 MB\n")
    let result = try zoo.run("verify")
    #expect(result.code == 1)
    #expect(
      result.output.hasPrefix(
        """
        ViT-Ti-8-emoji:local  DAMAGED
          a fixed picture no longer gives the embedding it gave when it was converted
          a fixed sequence of token ids no longer gives the embedding it gave when it was converted

        """))
  }

  @Test func errorsSayWhatHelps() throws {
    func expect(_ reference: String, _ sentence: String, code: Int32, _ more: [String: String] = [:]) throws {
      let result = try zoo.run("pull", reference, environment: environment.merging(more) { $1 })
      #expect(result.errors == "zoo: \(sentence)\n", "\(reference)")
      #expect(result.code == code)
    }
    try upload()
    hub.require(token: "right", gated: true)
    try expect(
      "hf://zoo/ViT-Ti-8-emoji",
      "hf://zoo/ViT-Ti-8-emoji is not open to everyone (401)\n  accept its terms on its page at the hub, then set HF_TOKEN "
        + "to a token from https://huggingface.co/settings/tokens", code: 2)
    try expect(
      "hf://zoo/ViT-Ti-8-emoji",
      "hf://zoo/ViT-Ti-8-emoji is not open to the account of this token (403)\n  accept its terms on its page at the hub, "
        + "with the account of the token in HF_TOKEN", code: 2, ["HF_TOKEN": "wrong"])
    hub.require(token: nil)
    try expect(
      "hf://zoo/nothing", "hf://zoo/nothing does not exist (404)", code: 2)
    try expect(
      "hf://zoo",
      "'hf://zoo' is not a valid reference; expected hf://OWNER/REPOSITORY[@REVISION][/FILE]\n"
        + "  give ARCHITECTURE:TAG, hf://OWNER/REPOSITORY[@REVISION][/FILE] or a URL", code: 2)
    try expect(
      "ViT-H-41:laion2b_s32b_b79k",
      "no architecture is called 'ViT-H-41'; did you mean ViT-H-14, ViT-H-16, ViT-B-16?\n"
        + "  'zoo list' shows all registered ones", code: 2)
    try expect(
      "ViT-B-32:openai",
      "HF_HUB_OFFLINE is set and hf://timm/vit_base_patch32_clip_224.openai is not in the cache \(zoo.file("hf/hub"))\n"
        + "  unset HF_HUB_OFFLINE, or set HF_HUB_CACHE to the cache that has it", code: 2, ["HF_HUB_OFFLINE": "1"])
    hub["zoo/ViT-Ti-8-emoji/open_clip_model.safetensors"] = .init(Data(count: 99), digest: Self.digest)
    let wrong = try zoo.run("pull", "hf://zoo/ViT-Ti-8-emoji", environment: environment)
    #expect(wrong.code == 1)
    #expect(wrong.errors.hasSuffix("should be \(Self.digest)\n  try again: it will start from the beginning\n"))
    #expect(try installed == [])
  }

  @Test func oneOfSeveralTagsIsShownByItsName() throws {
    for tag in ["one", "two"] {
      let model = "ViT-Ti-8-emoji:\(tag)"
      #expect(try zoo.run("convert", Self.example.path, "--as", model, "--no-probe").code == 0)
      #expect(try zoo.run("show", model).output.contains("Installed as \(model) in"))
    }
    let result = try zoo.run("show", "ViT-Ti-8-emoji")
    #expect(result.code == 2)
    #expect(
      result.errors == """
        zoo: 'ViT-Ti-8-emoji' is installed with several tags: ViT-Ti-8-emoji:one, ViT-Ti-8-emoji:two
          name the tag as well, as in the list

        """)
  }

  @Test func doctorShowsWhatThereIs() throws {
    let report = try #require(
      try zoo.run("doctor", "--json", environment: ["HF_TOKEN": "hf_secret"]).json() as? [String: Any])
    #expect((report["environment"] as? [String: String])?["HF_TOKEN"] == "(set)")
    #expect((report["threads"] as? Int ?? 0) > 0)
    let backends = [report["backend"] as? String ?? ""] + (report["other_backends"] as? [String] ?? [])
    #expect(!backends[0].isEmpty)
    #expect(Set(backends).count == backends.count)
    #expect(backends.contains { $0.hasPrefix("OpenBLAS") || $0 == "Accelerate" })
    #expect(
      [
        "avx512+bf16", "avx512+vnni", "avx512", "avx2+vnni", "avx2", "neon+i8mm", "neon+dotprod", "neon", "generic",
      ].contains(report["kernels"] as? String ?? ""))
    #expect((report["models"] as? [Any])?.isEmpty == true)
    try zoo.run("convert", "Examples/ViT-Ti-8-emoji")
    try FileManager.default.removeItem(atPath: zoo.file("models/ViT-Ti-8-emoji/local/bpe_simple_vocab_16e6.txt.gz"))
    let broken = try zoo.run("doctor")
    #expect(broken.code == 1)
    #expect(broken.output.contains("    the file bpe_simple_vocab_16e6.txt.gz is missing\n"))
  }

  @Test func installedModelsComplete() throws {
    try zoo.run("convert", "Examples/ViT-Ti-8-emoji")
    for command in ["explain", "score", "show", "verify", "rm", "bench"] {
      let result = try zoo.run(
        "---completion", command, "--", "positional@0", "2", "0", "zoo", command, "",
        environment: ["SAP_SHELL": "bash", "SAP_SHELL_VERSION": "5.2"])
      #expect(result.output.split(separator: "\n").contains("ViT-Ti-8-emoji:local"), "\(command): \(result.errors)")
    }
  }
}

/// The generated script in a real bash, which ends words at colons.
@Suite(.timeLimit(.minutes(30))) struct CompletionTests {
  @Test(arguments: [
    // What is typed, and what bash inserts for the part after the last colon.
    (["show", "ViT-Ti-8-emoji", ":", "lo"], "lo", "local"),
    (["show", "ViT-Ti-8-emoji", ":"], "", "local"),
    (["show", "ViT-Ti-8-em"], "ViT-Ti-8-em", "ViT-Ti-8-emoji:local"),
    (["score", "--size", "64", "ViT-Ti-8-emoji", ":", "l"], "l", "local"),
    (["rm", "ViT-Ti-8-emoji", ":", "local ", "ViT-Ti"], "ViT-Ti", "ViT-Ti-8-emoji:local"),
    (["pull", "ViT-H-14", ":", "laion2b_s32b"], "laion2b_s32b", "laion2b_s32b_b79k"),
    (["ver"], "ver", "verify"),
    (["explain", "x", "--method", "legrad,gradc"], "legrad,gradc", "legrad,gradcam"),
    (["eval", "pointing", "--method", "transf"], "transf", "transformer-attribution"),
    (["compare", "x", "--method", "al"], "al", "all"),
  ])
  func completesNamesWithColons(_ words: [String], _ current: String, _ expected: String) throws {
    let zoo = try Command()
    try zoo.run("convert", "Examples/ViT-Ti-8-emoji")
    let script = try zoo.run("--generate-completion-script", "bash")
    #expect(script.code == 0)
    try script.output.write(toFile: zoo.file("zoo.bash"), atomically: true, encoding: .utf8)
    var line = "zoo"
    for word in words { line += line.hasSuffix(":") || word == ":" || line.hasSuffix(" ") ? word : " \(word)" }
    let list = (["zoo"] + words).map { "'\($0.trimmingCharacters(in: .whitespaces))'" }.joined(separator: " ")
    let program = """
      source '\(zoo.file("zoo.bash"))'
      PATH="\(Command.executable.deletingLastPathComponent().path):$PATH"
      COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(\(list)); COMP_CWORD=\(words.count)
      _zoo_with_colons zoo '\(current)' ''
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let result = try zoo.run(program: "/bin/bash", ["--norc", "-c", program])
    #expect(result.output == "\(expected)\n", "\(result.errors)")
  }

  @Test func zshGetsColonsThatBeginNoDescription() throws {
    let zoo = try Command()
    try zoo.run("convert", "Examples/ViT-Ti-8-emoji")
    let result = try zoo.run(
      "---completion", "show", "--", "positional@0", "2", "0", "zoo", "show", "ViT",
      environment: ["SAP_SHELL": "zsh", "SAP_SHELL_VERSION": "5.9"])
    #expect(result.output.split(separator: "\n").contains("ViT-Ti-8-emoji\\:local"), "\(result.output)")
  }
}

extension Command {
  /// A manifest in this store: the demo's architecture as `Emoji` with a tag `v1`.
  fileprivate func register(repository: String) throws {
    let converted = try Command()
    try converted.run("convert", "Examples/ViT-Ti-8-emoji")
    let text = try Data(contentsOf: URL(filePath: converted.file("models/ViT-Ti-8-emoji/local/model.json")))
    let model = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    var architecture = try #require(model["architecture"] as? [String: Any])
    architecture["name"] = "Emoji"
    let weights: [String: Any] = [
      "tag": "v1", "preprocessing": try #require(model["preprocessing"]), "repository": repository,
      "files": ["open_clip_model.safetensors"],
    ]
    try FileManager.default.createDirectory(atPath: file("manifests"), withIntermediateDirectories: true)
    try JSONSerialization.data(withJSONObject: ["architecture": architecture, "weights": [weights]])
      .write(to: URL(filePath: file("manifests/emoji.json")))
  }
}
