import Foundation
import Testing
import ZooTestSupport

/// What `zoo pull` tells a user to do is done, and works.
@Suite(.timeLimit(.minutes(30))) struct RemedyPullTests {
  let zoo: Command
  let hub: HubStub
  private static let repository = "hf://owner/model"

  init() throws {
    (zoo, hub) = (try Command(), try HubStub())
    let folder = Golden.repository.appending(path: "Tests/Golden/models/clip_gelu/checkpoints/openclip")
    for name in ["open_clip_model.safetensors", "open_clip_config.json"] {
      hub["owner/model/\(name)"] = .init(try Data(contentsOf: folder.appending(path: name)))
    }
  }

  private func pull(_ reference: String, _ more: [String: String] = [:]) throws -> Command.Outcome {
    let environment = [
      "HF_ENDPOINT": hub.url.absoluteString, "HF_HOME": zoo.file("hf"), "HF_HUB_CACHE": "", "HF_TOKEN": "",
      "HF_HUB_OFFLINE": "", "http_proxy": "", "all_proxy": "",
    ]
    return try zoo.run(["pull", reference], environment: environment.merging(more) { $1 })
  }

  /// A pull that is refused with a remedy, and one that works.
  private func refused(
    _ reference: String, under more: [String: String] = [:], code: Int32 = 2, _ remedy: String,
    before: () -> Void = {}, then repaired: String = repository, with: [String: String] = [:]
  ) throws {
    let result = try pull(reference, more)
    #expect(result.code == code, "\(result.output)")
    #expect(result.errors.contains(remedy), "\(result.errors)")
    before()
    let again = try pull(repaired, with)
    #expect(again.code == 0, "\(again.errors)")
  }

  @Test func aReferenceIsSpelledAsTheMessageSays() throws {
    try refused("hf://owner", "give ARCHITECTURE:TAG, hf://OWNER/REPOSITORY[@REVISION][/FILE] or a URL")
    let url = hub.url.appending(path: "owner/model/open_clip_model.safetensors").absoluteString
    hub["owner/model/other.txt"] = .init(Data("x".utf8))
    try refused("hf://owner/model@main/nothing.bin", "does not exist", then: "\(Self.repository)@main")
    #expect(try zoo.run("convert", url).code == 2)
  }

  @Test func aTokenOpensWhatIsClosed() throws {
    hub.require(token: "right")
    let tokens = "https://huggingface.co/settings/tokens"
    try refused(
      Self.repository, "check its name, or set HF_TOKEN to a token from \(tokens)", then: Self.repository,
      with: ["HF_TOKEN": "right"])
    try refused(
      "\(Self.repository)/open_clip_model.safetensors", under: ["HF_TOKEN": "wrong"],
      "set HF_TOKEN to a valid token from \(tokens)", then: Self.repository, with: ["HF_TOKEN": "right"])
  }

  @Test func acceptedTermsOpenWhatIsGated() throws {
    hub.require(token: "right", gated: true)
    try refused(
      Self.repository, "accept its terms on its page at the hub, then set HF_TOKEN", then: Self.repository,
      with: ["HF_TOKEN": "right"])
  }

  @Test func aFileOfARepositoryWithoutAUsualNameIsNamed() throws {
    let weights = try #require(hub["owner/model/open_clip_model.safetensors"])
    (hub["owner/other/mine.safetensors"], hub["owner/other/yours.safetensors"]) = (weights, weights)
    hub["owner/other/open_clip_config.json"] = hub["owner/model/open_clip_config.json"]
    try refused(
      "hf://owner/other", "name the file, as in hf://OWNER/REPOSITORY/FILE", then: "hf://owner/other/mine.safetensors")
  }

  @Test func aLargerFileIsAllowed() throws {
    let result = try zoo.run(
      ["pull", Self.repository, "--max-size", "1kB"], environment: ["HF_ENDPOINT": hub.url.absoluteString])
    #expect(result.code == 1)
    #expect(result.errors.contains("--max-size allows more, as in --max-size 50GB"), "\(result.errors)")
    let again = try zoo.run(
      ["pull", Self.repository, "--max-size", "50GB"], environment: ["HF_ENDPOINT": hub.url.absoluteString])
    #expect(again.code == 0, "\(again.errors)")
  }

  @Test func theNetworkIsAllowedAgain() throws {
    try refused(Self.repository, under: ["HF_HUB_OFFLINE": "1"], "unset HF_HUB_OFFLINE")
  }

  @Test func aServerThatFailedIsAskedAgain() throws {
    hub.inject(.reply(.init(400)), at: "open_clip_model.safetensors")
    try refused(
      "\(Self.repository)/open_clip_model.safetensors", code: 1,
      "try again later: what was fetched is kept, and 'zoo pull' continues from there")
  }

  @Test func aDamagedDownloadStartsFromTheBeginning() throws {
    let name = "owner/model/open_clip_model.safetensors"
    var file = try #require(hub[name])
    file.digest = String(repeating: "0", count: 64)
    hub[name] = file
    try refused(
      Self.repository, code: 1, "try again: it will start from the beginning", before: { hub[name]?.digest = nil })
  }

  @Test func aFolderThatCannotBeWrittenIsChangedForAnother() throws {
    let blocked = zoo.file("blocked")
    try Data().write(to: URL(filePath: blocked))
    try refused(
      Self.repository, under: ["ZOO_HOME": "\(blocked)/zoo"], code: 1, "or set ZOO_HOME to a different one",
      then: Self.repository,
      with: ["ZOO_HOME": zoo.file("open")])
  }

  @Test func acceptedTermsAreThoseOfTheTokensAccount() throws {
    hub.require(token: "right", gated: true)
    try refused(
      Self.repository, under: ["HF_TOKEN": "another"],
      "accept its terms on its page at the hub, with the account of the token in HF_TOKEN", then: Self.repository,
      with: ["HF_TOKEN": "right"])
  }

  @Test func theCacheThatHasItIsNamed() throws {
    let cache = zoo.file("cache"), repository = "\(cache)/models--owner--model"
    let commit = HubStub.commit, snapshot = "\(repository)/snapshots/\(commit)"
    for folder in [snapshot, "\(repository)/refs"] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    try Data(commit.utf8).write(to: URL(filePath: "\(repository)/refs/main"))
    for name in ["open_clip_model.safetensors", "open_clip_config.json"] {
      try #require(hub["owner/model/\(name)"]).body.write(to: URL(filePath: "\(snapshot)/\(name)"))
    }
    hub.stop()
    try refused(
      Self.repository, under: ["HF_HUB_OFFLINE": "1"], "or set HF_HUB_CACHE to the cache that has it",
      with: ["HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": cache])
  }

  @Test func aProxyIsSetRightOrLeftOut() throws {
    let proxy = try HubStub(), gone = try HubStub(), weights = "owner/model/open_clip_model.safetensors"
    let dead = gone.url.absoluteString
    gone.stop()
    for name in [weights, "owner/model/open_clip_config.json"] { proxy[name] = hub[name] }
    let remedy =
      "set http_proxy to http://[USER:PASSWORD@]HOST:PORT, or add 127.0.0.1 to NO_PROXY to go without a proxy"
    try refused(
      Self.repository, under: ["http_proxy": dead], code: 1, remedy,
      with: ["http_proxy": proxy.url.absoluteString])
    #expect(proxy.requests.contains { $0.isToProxy })
    try zoo.run("rm", "--all")
    try refused(
      Self.repository, under: ["http_proxy": dead], code: 1, remedy,
      with: ["http_proxy": dead, "NO_PROXY": "127.0.0.1"])
    // A proxy that requires a name and a password gets them.
    try zoo.run("rm", "--all")
    proxy.inject(.reply(.init(407, headers: ["Proxy-Authenticate": "Basic"])), at: "/owner")
    proxy.forgetRequests()
    let named = "http://me:secret@127.0.0.1:\(try #require(proxy.url.port))"
    try refused(
      Self.repository, under: ["http_proxy": proxy.url.absoluteString], code: 1, remedy, with: ["http_proxy": named])
    #expect(proxy.requests.contains { $0.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0" })
  }

  /// The hub announces more than any disk can hold.
  @Test func roomIsMadeForWhatDoesNotFit() throws {
    let probed = LoopbackServer.Reply(
      206, headers: ["ETag": "\"v1\"", "Content-Range": "bytes 0-0/\(1 << 45)"], body: Data([0]))
    hub.inject(.reply(probed), at: "open_clip_model.safetensors")
    try refused(
      Self.repository, code: 1,
      "free some space ('zoo du' shows what the zoo uses), or set ZOO_HOME to a folder on another disk",
      before: { #expect((try? zoo.run("du"))?.code == 0) }, with: ["ZOO_HOME": zoo.file("another")])
  }

  /// A file size limit simulates a disk that fills up on the way.
  @Test func aPullThatCouldNotBeWrittenGoesOn() throws {
    let environment = [
      "HF_ENDPOINT": hub.url.absoluteString, "HF_HOME": zoo.file("hf"), "HF_TOKEN": "", "http_proxy": "",
    ]
    let full = try zoo.run(
      program: "/bin/sh",
      ["-c", "ulimit -f 64; exec \"$@\"", "sh", Command.executable.path, "pull", Self.repository],
      environment: environment)
    #expect(full.code == 1, "\(full.output)")
    #expect(
      full.errors.contains("make sure that the folder is writable, or set ZOO_HOME to a different one"),
      "\(full.errors)")
    let again = try pull(Self.repository)
    #expect(again.code == 0, "\(again.errors)")
  }

  /// A pointer instead of a file, and a truncated archive: the whole file comes from the hub.
  @Test func whatStandsInForAFileIsFetched() throws {
    let pointer = zoo.file("pointer.safetensors")
    try Data("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 605157884\n".utf8)
      .write(to: URL(filePath: pointer))
    let lfs = try zoo.run("convert", pointer)
    #expect(lfs.code == 2 && lfs.errors.contains("so does 'zoo pull hf://OWNER/REPOSITORY'"), "\(lfs.errors)")
    for (name, text, remedy) in [
      ("xet.safetensors", "# xet version 0\n", "'zoo pull hf://OWNER/REPOSITORY' fetches the file"),
      (
        "page.safetensors", "<!DOCTYPE html><html>",
        "a server may have sent it instead of a file that was not found or needs a login: fetch it again"
      ),
    ] {
      try Data(text.utf8).write(to: URL(filePath: zoo.file(name)))
      let outcome = try zoo.run("convert", zoo.file(name))
      #expect(outcome.code == 2 && outcome.errors.contains(remedy), "\(outcome.errors)")
    }
    let cut = zoo.file("open_clip_model.safetensors")
    try #require(hub["owner/model/open_clip_model.safetensors"]).body.prefix(30_000).write(to: URL(filePath: cut))
    let truncated = try zoo.run("convert", cut)
    #expect(truncated.code == 2, "\(truncated.errors)")
    #expect(truncated.errors.contains("fetch it again ('zoo pull' continues where it stopped)"), "\(truncated.errors)")
    let pulled = try pull(Self.repository)
    #expect(pulled.code == 0, "\(pulled.errors)")
  }

  @Test func aRegisteredModelIsPulledByTheNameThatTheMessageGives() throws {
    try refusedName(
      "ViT-B-16-SigLIP-384",
      "'zoo pull ViT-B-16-SigLIP-384:webli' fetches it; 'zoo convert FILE' takes a file that is here")
    try refusedName("ViT-H-14", "'zoo pull ViT-H-14:TAG' fetches it, with a tag of laion2b_s32b_b79k")
    try refusedName("ViT-B-32", "'zoo pull ViT-B-32:TAG' fetches it; 'zoo show ViT-B-32' lists its")
    let several = try pull("ViT-B-32")
    #expect(several.code == 2)
    #expect(several.errors.contains("name one, as in 'zoo pull ARCHITECTURE:TAG'"), "\(several.errors)")
    // The listed names can be requested: the plan is made, and the hub of the test has no such repository.
    let named = try pull("ViT-B-32:laion2b_s34b_b79k")
    #expect(named.errors.contains("hf://laion/CLIP-ViT-B-32-laion2B-s34B-b79K does not exist"), "\(named.errors)")
  }

  private func refusedName(_ name: String, _ remedy: String) throws {
    let result = try zoo.run("explain", name, "Examples/examples/scene1.jpg", "-p", "a cat")
    #expect(result.code == 2)
    #expect(result.errors.contains(remedy), "\(result.errors)")
  }
}
