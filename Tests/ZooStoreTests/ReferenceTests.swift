import Foundation
import Testing
import ZooManifests
import ZooModels

@testable import ZooStore

@Suite struct ReferenceTests {
  let endpoint = URL(string: "https://huggingface.co")!

  @Test(
    arguments: [
      ("hf://laion/CLIP-ViT-B-32", "laion/CLIP-ViT-B-32", "main", nil),
      ("hf://laion/CLIP-ViT-B-32/", "laion/CLIP-ViT-B-32", "main", nil),
      ("hf://laion/a@v1.0", "laion/a", "v1.0", nil), ("hf://laion/a@refs%2Fpr%2F1", "laion/a", "refs/pr/1", nil),
      ("hf://laion/a@v1/sub/model.bin", "laion/a", "v1", "sub/model.bin"),
      ("laion/CLIP-ViT-B-32", "laion/CLIP-ViT-B-32", "main", nil), ("laion/a@v1/m.bin", "laion/a", "v1", "m.bin"),
      ("https://huggingface.co/laion/a", "laion/a", "main", nil), ("https://hf.co/laion/a", "laion/a", "main", nil),
      ("https://huggingface.co/laion/a/tree/dev", "laion/a", "dev", nil),
      ("https://huggingface.co/laion/a/blob/main/m.bin", "laion/a", "main", "m.bin"),
      ("https://huggingface.co/laion/a/resolve/abc/x/m.bin?download=true", "laion/a", "abc", "x/m.bin"),
    ] as [(String, String, String, String?)])
  func readsTheHub(text: String, id: String, revision: String, file: String?) throws {
    guard case .hub(let repository, let found) = try PullReference(text, endpoint: endpoint) else {
      Issue.record("\(text) is no reference to the hub")
      return
    }
    #expect(repository.id == id)
    #expect(repository.revision == revision)
    #expect(found == file)
  }

  @Test func openAIsNamesMeanOpenAIsWeights() throws {
    for (text, name) in [
      ("ViT-L/14@336px", ModelName(architecture: "ViT-L-14-336", tag: "openai")),
      ("ViT-B/32:laion2b_e16", ModelName(architecture: "ViT-B-32", tag: "laion2b_e16")),
    ] { #expect(try PullReference(text, endpoint: endpoint) == .model(name)) }
  }

  @Test func readsOtherReferences() throws {
    let url = "https://example.org/a/b.pt?x=1"
    #expect(try PullReference(url, endpoint: endpoint) == .web(URL(string: url)!))
    #expect(
      try PullReference("ViT-B-32:openai", endpoint: endpoint)
        == .model(ModelName(architecture: "ViT-B-32", tag: "openai")))
  }

  @Test(arguments: [
    "hf://", "hf://owner", "hf://owner/", "hf://../name", "hf://owner/..", "hf://owner/name/../../x",
    "hf://owner/name//x", "hf://owner/name@/x", "hf://own er/name", "hf://owner/na--me", "hf://owner/name@../x",
    "hf://owner/name@..%2Fx", "hf://owner/name/.hidden", "owner/", "/etc/passwd", "../name", "owner/name/../x",
  ])
  func refusesWhatIsNoRepository(text: String) {
    #expect(
      throws: PullError.badReference(text, form: "hf://OWNER/REPOSITORY[@REVISION][/FILE]")
    ) { try PullReference(text, endpoint: endpoint) }
  }

  @Test(arguments: ["ftp://example.org/a.pt", "https:///a.pt", "https://example.org/", "file:///etc/passwd"])
  func refusesOtherAddresses(text: String) {
    #expect(throws: PullError.badReference(text, form: "https://HOST/PATH/FILE")) {
      try PullReference(text, endpoint: endpoint)
    }
  }

  @Test func writesWhereAFileIsAskedFor() {
    let repository = HubRepository(owner: "laion", name: "a", revision: "refs/pr/1")!
    #expect(
      repository.url(of: "sub dir/m.bin", endpoint: endpoint).absoluteString
        == "https://huggingface.co/laion/a/resolve/refs%2Fpr%2F1/sub%20dir/m.bin")
    #expect("\(repository)" == "hf://laion/a@refs/pr/1")
  }

  @Test func findsRegisteredModels() throws {
    func source(_ name: String) throws -> PullSource {
      try PullSource(.model(ModelName(name)), registry: .builtIn)
    }
    let clip = try source("vit-h-14:laion2b-s32b-b79k")
    #expect(clip.place == .hub(HubRepository("laion/CLIP-ViT-H-14-laion2B-s32B-b79K")!))
    #expect(clip.checkpoints == ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"])
    #expect(
      clip.companions == [
        "open_clip_config.json", "config.json", "preprocessor_config.json", "processor_config.json",
      ])
    #expect(clip.model == ModelName(architecture: "ViT-H-14", tag: "laion2b_s32b_b79k"))
    #expect(try source("ViT-B-16-SigLIP:webli").companions.contains("tokenizer.json"))
    #expect(throws: RegistryError.self) { try source("ViT-H-41:laion2b_s32b_b79k") }
    let error = #expect(throws: PullError.self) { try source("ViT-H-14") }
    #expect(error?.description.hasPrefix("ViT-H-14 has several weights: laion2b_s32b_b79k, ") == true)
  }

  @Test func everyRegisteredModelThatRunsHasASource() throws {
    for manifest in Registry.builtIn.manifests where manifest.architecture.unsupported == nil {
      for weights in manifest.weights {
        let source = try PullSource(
          .model(ModelName(architecture: manifest.name, tag: weights.tag)), registry: .builtIn)
        // Without a repository the file is on the web, and has one name.
        let isOnWeb = if case .web = source.place { true } else { false }
        #expect(source.checkpoints.isEmpty == isOnWeb, "\(manifest.name):\(weights.tag)")
      }
    }
  }

  @Test func aDigestOfTheRegistryIsOfTheFileOnTheWeb() throws {
    let source = try PullSource(.model(ModelName("ViT-B-32-quickgelu:laion400m_e31")), registry: .builtIn)
    #expect(source.onTheWeb?.digestPrefix == "d867053b")
    #expect(source.onTheWeb?.checkpoints == [])
    #expect(source.onTheWeb?.onTheWeb == nil)
  }

  @Test(
    arguments: [
      ("https://mirror.example/vit_b_16_plus_240-laion400m_e32-699c4b84.pt", "699c4b84"),
      ("hf://someone/copies/old/vit_b_16_plus_240-laion400m_e32-699c4b84.pt", "699c4b84"),
      (
        "https://openaipublic.azureedge.net/clip/models/40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af/"
          + "ViT-B-32.pt", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"
      ),
      ("https://example.org/model-20240101.pt", nil), ("hf://laion/CLIP-ViT-B-32-laion2B-s34B-b79K", nil),
    ] as [(String, String?)])
  func aPublishedDigestIsThatOfTheFileWhereverItLies(_ reference: String, _ digest: String?) throws {
    let source = try PullSource(PullReference(reference, endpoint: endpoint), registry: .builtIn)
    #expect(source.digestPrefix == digest)
  }

  @Test func aDigestIsNotThatOfTheHubsOwnFile() throws {
    let source = try PullSource(.model(ModelName("ViT-B-16-plus-240:laion400m_e32")), registry: .builtIn)
    #expect(source.digestPrefix(ofHubFile: "open_clip_model.safetensors") == nil)
    #expect(source.digestPrefix(ofHubFile: "vit_b_16_plus_240-laion400m_e32-699c4b84.pt") == "699c4b84")
    #expect("\(source)" == "hf://timm/vit_base_patch16_plus_clip_240.laion400m_e32")
  }

  @Test func readsTheEnvironment() throws {
    let folder = try TemporaryFolder()
    try folder.write("hf_stored\n", "hf/token")
    let plain = try HubSettings(environment: ["HOME": folder.path("")])
    #expect(plain.endpoint.absoluteString == "https://huggingface.co")
    #expect(plain.cache.path == folder.path(".cache/huggingface/hub"))
    #expect(plain.token == nil)
    #expect(!plain.isOffline)
    let set = try HubSettings(environment: [
      "HF_ENDPOINT": "https://mirror.example/", "HF_HOME": folder.path("hf"), "HF_HUB_OFFLINE": "1",
    ])
    #expect(set.endpoint.absoluteString == "https://mirror.example")
    #expect(set.cache.path == folder.path("hf/hub"))
    #expect(set.token == "hf_stored")
    #expect(set.isOffline)
    let more = try HubSettings(environment: [
      "HF_TOKEN": " hf_mine\n", "HF_HOME": folder.path("hf"), "HF_HUB_CACHE": "/elsewhere", "HF_HUB_OFFLINE": "0",
    ])
    #expect(more.token == "hf_mine")
    #expect(more.cache.path == "/elsewhere")
    #expect(!more.isOffline)
    #expect(try HubSettings(environment: ["HF_TOKEN": "a\r\nX-Evil: 1"]).token == nil)
    #expect(throws: PullError.badEndpoint("mirror")) { try HubSettings(environment: ["HF_ENDPOINT": "mirror"]) }
  }
}
