import Foundation
import Testing
import ZooManifests
import ZooModels
import ZooTestSupport

@Suite struct RegistryTests {
  @Test func everyBuiltInManifestIsReadAndKnowsItsOwnName() throws {
    let files = try FileManager.default.contentsOfDirectory(
      atPath: Golden.repository.appending(path: "Manifests/models").path)
    let registry = try Registry(layers: [Registry.builtInManifests])
    #expect(registry.manifests.count == files.count)
    #expect(Set(registry.manifests.map { $0.name + ".json" }) == Set(files))
  }

  /// A listing does not read the manifests.
  @Test func theBuildKnowsWhatAListSaysOfEachManifest() {
    let summaries = Registry.builtInSummaries
    #expect(summaries.count == Registry.builtIn.manifests.count)
    #expect(Set(summaries) == Set(Registry.builtIn.manifests.map(ManifestSummary.init)))
    #expect(ManifestSummary(line: "ViT-B-32\topenclip_native") == nil)
  }

  @Test func namesStandWherePeopleLookForThemInEveryLocale() {
    let names = [
      "", "a", "B", "c1", "C2", "c10", "EVA01-g-14", "EVA02-B-16", "ViT-B-16", "ViT-B-16-plus", "ViT-B-16-SigLIP",
      "ViT-B-32", "ViT-B-128", "ViT-Ti-8", "vit-ti-8", "ViT-Ti-08x", "ViT-Ti-8y", "ViT-Ti-16", "ä2", "ä10",
    ]
    #expect(names.reversed().sorted { $0.standsBefore($1) } == names)
    for name in names { #expect(!name.standsBefore(name)) }
  }

  /// Identical blocks and bottlenecks are counted once.
  @Test func aParameterCountIsThatOfAllTensors() throws {
    for name in ["RN50", "RN50x64", "ViTamin-S", "ViT-B-32"] {
      let architecture = try #require(Registry.builtIn.manifest(name)).architecture
      #expect(architecture.parameterCount == architecture.tensors.reduce(0) { $0 + $1.count }, "\(name)")
    }
  }

  @Test func parameterCountsAreTheOnesMeasuredOnTheReferenceModels() throws {
    for (name, count) in [
      ("ViT-B-32", 151_277_313), ("ViT-H-14", 986_109_441), ("ViT-B-16-SigLIP2", 375_187_970),
      ("roberta-ViT-B-32", 212_723_457), ("coca_roberta-ViT-B-32", 212_297_473),
      ("xlm-roberta-base-ViT-B-32", 366_121_473), ("xlm-roberta-large-ViT-H-14", 1_193_014_785),
      ("nllb-clip-base", 501_885_185), ("nllb-clip-base-siglip", 507_474_178), ("nllb-clip-large", 1_399_216_641),
      ("nllb-clip-large-siglip", 1_195_496_514), ("BiomedCLIP-B-16", 195_902_721),
    ] {
      #expect(Registry.builtIn.manifest(name)?.architecture.parameterCount == count, "\(name)")
    }
  }

  /// Where the buckets of mT5 begin, according to `T5Attention._relative_position_bucket` of transformers 5.24.
  @Test func distancesFallIntoTheBucketsOfT5() {
    let bias = RelativeBias(buckets: 32, maxDistance: 128)
    let starts = Array(0..<8) + [8, 12, 16, 23, 32, 46, 64, 91, 200]
    for (bucket, (start, next)) in zip(starts, starts.dropFirst()).enumerated() {
      #expect((start..<next).allSatisfy { bias.bucket(-$0) == bucket }, "\(bucket)")
      #expect((start..<next).allSatisfy { $0 == 0 || bias.bucket($0) == 16 + bucket }, "\(bucket)")
    }
    #expect(bias.bucket(1 << 40) == 31)
  }

  @Test func tagsResolveWithDashesAndCapitals() throws {
    let (manifest, weights) = try Registry.builtIn.resolve(ModelName("vit-h-14:LAION2B-s32b-b79k"))
    #expect(manifest.name == "ViT-H-14")
    #expect(weights?.tag == "laion2b_s32b_b79k")
  }

  @Test(arguments: [
    ("ViT-B/32", "ViT-B-32", nil), ("vit-l/14@336px:openai", "vit-l-14-336", "openai"),
    ("ViT-B-32:a/b", "ViT-B-32", "a/b"),
    ("models/ViT-B", "models/ViT-B", nil), ("ViT-B/32/model.json", "ViT-B/32/model.json", nil),
  ])
  func openAIsSpellingIsAName(_ text: String, _ architecture: String, _ tag: String?) {
    #expect(ModelName(text) == ModelName(architecture: architecture, tag: tag))
    #expect(
      ModelName.isSpelledAsOpenAIDoes(text)
        == (architecture.lowercased().hasPrefix("vit") && tag != "a/b" && !architecture.contains("/")))
  }

  @Test func classesGoWithAClassifierOfAsMany() throws {
    let url = Golden.repository.appending(path: "Manifests/models/deit_tiny_patch16_224.json")
    let text = try String(contentsOf: url, encoding: .utf8)
    #expect(try Manifest(json: Data(text.utf8), file: "x.json").weights[0].classes == .imageNet1k)
    #expect {
      try Manifest(json: Data(text.replacing("\"embedding\": 1000", with: "\"embedding\": 999").utf8), file: "x.json")
    } throws: { "\($0)" == "x.json: weights.classes of 'fb_in1k' go with a classifier of 1000 classes" }
  }

  @Test func brokenJSONIsToldInWordsOfOurOwn() {
    for text in ["", "{", "{'name': 1}"] {
      #expect(throws: ManifestError.unreadable(file: "m.json", reason: "it is not valid JSON")) {
        try Manifest(json: Data(text.utf8), file: "m.json")
      }
    }
  }

  @Test func nearMissesAreSuggested() {
    #expect(throws: RegistryError.unknownArchitecture("ViT-H14", near: ["ViT-H-14", "ViT-H-16", "ViT-L-14"])) {
      try Registry.builtIn.resolve(ModelName("ViT-H14"))
    }
    #expect {
      try Registry.builtIn.resolve(ModelName("ViT-B-16:laion3b"))
    } throws: { "\($0)".hasPrefix("ViT-B-16 has no weights tagged 'laion3b'; it has laion2b_s34b_b88k") }
  }

  @Test func theTagsActivationOverridesTheArchitectures() throws {
    let (manifest, weights) = try Registry.builtIn.resolve(ModelName("ViT-B-32:openai"))
    #expect(manifest.architecture.vision?.blocks.activation == .gelu)
    let trained = manifest.architecture.trained(as: try #require(weights))
    #expect(trained.activations == TowerActivations(vision: .quickGELU, text: .quickGELU))
  }

  @Test(arguments: [
    ("{", "x.json is not a manifest: "),
    ("{\"weights\": []}", "x.json is not a manifest: the field 'architecture' is missing at the top"),
  ])
  func brokenManifestsAreRefusedWithTheFieldsPath(text: String, start: String) {
    #expect {
      try Manifest(json: Data(text.utf8), file: "x.json")
    } throws: { "\($0)".hasPrefix(start) }
  }

  @Test func impossibleDimensionsAreRefused() throws {
    let url = Golden.repository.appending(path: "Manifests/models/ViT-B-32.json")
    let text = try String(contentsOf: url, encoding: .utf8).replacing("\"heads\": 12", with: "\"heads\": 0")
    #expect {
      try Manifest(json: Data(text.utf8), file: "x.json")
    } throws: { "\($0)" == "x.json: vision.blocks.heads must be between 1 and 65536, not 0" }
  }

  @Test(arguments: [
    (
      "xlm-roberta-base-ViT-B-32", "\"positions\": 514", "\"positions\": 78", "text.embedding.positions must have a row"
    ),
    (
      "xlm-roberta-base-ViT-B-32", "\"positions\": 514", "\"positions\": -1", "text.embedding.positions must be between"
    ),
    ("xlm-roberta-base-ViT-B-32", "\"pad_id\": 1", "\"pad_id\": 2147483647", "text.tokenizer.pad_id must be between"),
    (
      "xlm-roberta-base-ViT-B-32", "\"hides_padding\": true", "\"hides_padding\": false",
      "text.pooling 'mean' goes with"
    ),
    ("xlm-roberta-base-ViT-B-32", "\"causal\": false", "\"causal\": true", "text.hides_padding goes with"),
    (
      "nllb-clip-base", "\"context_length\": 77", "\"context_length\": 2147483647",
      "text.tokenizer.context_length must be between"
    ),
    (
      "mt5-base-ViT-B-32", "\"context_length\": 77", "\"context_length\": 65536",
      "text.blocks.relative_bias has a number for each head"
    ),
    (
      "ViT-B-32", "\"type\": \"class_token\"", "\"type\": \"class_and_patch_mean\"",
      "vision.pooler is for the head of a classifier"
    ),
    ("tipsv2-b14", "\"temperature\": 0.005", "\"temperature\": -0.005", "architecture.temperature must be a number"),
    ("tipsv2-b14", "\"logit_scale\": false", "\"logit_scale\": true", "architecture.temperature must be a number"),
    ("dinov2-small", "\"class_token\": true", "\"class_token\": false", "vision.pooler takes a class token"),
    ("mt5-base-ViT-B-32", "\"buckets\": 32", "\"buckets\": 1", "text.blocks.relative_bias.buckets must be between"),
  ])
  func impossibleTowersAreRefused(_ name: String, _ field: String, _ value: String, _ sentence: String) throws {
    let url = Golden.repository.appending(path: "Manifests/models/\(name).json")
    let text = try String(contentsOf: url, encoding: .utf8)
    #expect(text.contains(field))
    #expect {
      try Manifest(json: Data(text.replacing(field, with: value).utf8), file: "x.json")
    } throws: { "\($0)".hasPrefix("x.json: \(sentence)") }
  }
}
