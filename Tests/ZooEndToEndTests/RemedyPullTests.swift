import Foundation
import Testing
import ZooTestSupport

/// What `zoo pull` tells a person to do is done, and works.
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
      Self.repository, "look at its name, or set HF_TOKEN to a token from \(tokens)", then: Self.repository,
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
    hub["owner/other/mine.safetensors"] = weights
    hub["owner/other/open_clip_config.json"] = hub["owner/model/open_clip_config.json"]
    try refused(
      "hf://owner/other", "name the file, as in hf://OWNER/REPOSITORY/FILE", then: "hf://owner/other/mine.safetensors")
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
      Self.repository, code: 1, "try again: it then starts from the beginning", before: { hub[name]?.digest = nil })
  }

  @Test func aFolderThatCannotBeWrittenIsChangedForAnother() throws {
    let blocked = zoo.file("blocked")
    try Data().write(to: URL(filePath: blocked))
    try refused(
      Self.repository, under: ["ZOO_HOME": "\(blocked)/zoo"], code: 1, "or set ZOO_HOME to another",
      then: Self.repository,
      with: ["ZOO_HOME": zoo.file("open")])
  }

  /// A pointer in the place of a file, and an archive that stopped early: the whole file comes from the hub.
  @Test func whatStandsInForAFileIsFetched() throws {
    let pointer = zoo.file("pointer.safetensors")
    try Data("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 605157884\n".utf8)
      .write(to: URL(filePath: pointer))
    let lfs = try zoo.run("convert", pointer)
    #expect(lfs.code == 2 && lfs.errors.contains("so does 'zoo pull hf://OWNER/REPOSITORY'"), "\(lfs.errors)")
    let cut = zoo.file("open_clip_model.safetensors")
    try #require(hub["owner/model/open_clip_model.safetensors"]).body.prefix(30_000).write(to: URL(filePath: cut))
    let truncated = try zoo.run("convert", cut)
    #expect(truncated.code == 2, "\(truncated.errors)")
    #expect(truncated.errors.contains("fetch it again ('zoo pull' continues where it stopped)"), "\(truncated.errors)")
    let pulled = try pull(Self.repository)
    #expect(pulled.code == 0, "\(pulled.errors)")
  }

  @Test func aRegisteredModelIsPulledByTheNameThatTheMessageGives() throws {
    try refusedName("ViT-B-16-SigLIP", "'zoo pull ViT-B-16-SigLIP:webli' fetches it")
    try refusedName("ViT-B-32", "'zoo pull ViT-B-32:TAG' fetches it; 'zoo show ViT-B-32' lists its")
    let several = try pull("ViT-B-32")
    #expect(several.code == 2)
    #expect(several.errors.contains("name one, as in 'zoo pull ARCHITECTURE:TAG'"), "\(several.errors)")
    // What the message lists can be asked for: the plan is made, and the hub of the test has no such repository.
    let named = try pull("ViT-B-32:laion2b_s34b_b79k")
    #expect(named.errors.contains("hf://laion/CLIP-ViT-B-32-laion2B-s34B-b79K does not exist"), "\(named.errors)")
  }

  private func refusedName(_ name: String, _ remedy: String) throws {
    let result = try zoo.run("explain", name, "Examples/examples/scene1.jpg", "-p", "a cat")
    #expect(result.code == 2)
    #expect(result.errors.contains(remedy), "\(result.errors)")
  }
}
