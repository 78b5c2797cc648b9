import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// Exports equal what other tools wrote, and can be imported unchanged.
@Suite struct ExportTests {
  /// A converted model's folder and description.
  private func model(
    _ name: String, _ checkpoint: String, in scratch: ScratchFolder
  ) throws -> (folder: String, description: ModelDescription) {
    let conversion = try planned(golden("\(name)/checkpoints/\(checkpoint)"), goldenOptions(name))
    let folder = scratch.file(UUID().uuidString)
    return (folder, try conversion.write(to: folder))
  }

  /// Golden checkpoints of one model, each exported in the format of every other.
  static let pairs: [(String, String, ExportFormat, String)] =
    [
      ("clip_gelu", "hf/model.safetensors", .openCLIP, "openclip/open_clip_model.safetensors"),
      ("clip_gelu", "openclip/open_clip_model.safetensors", .transformers, "hf/model.safetensors"),
      ("clip_gelu", "custom_text/open_clip_model.safetensors", .openCLIP, "openclip/open_clip_model.safetensors"),
      ("clip_quickgelu", "hf_old/pytorch_model.bin", .openCLIP, "openclip/open_clip_model.safetensors"),
      ("clip_layerscale", "openclip/open_clip_model.safetensors", .openCLIP, ""),
      ("clip_h14style", "openclip/open_clip_model.safetensors", .openCLIP, "openclip/open_clip_model.safetensors"),
      ("openai_jit", "openai/ViT-tiny.pt", .openCLIP, ""),
      ("coca", "openclip/open_clip_model.safetensors", .openCLIP, ""),
      ("siglip", "hf/model.safetensors", .openCLIP, "openclip/open_clip_model.safetensors"),
      ("siglip", "openclip/open_clip_model.safetensors", .transformers, "hf/model.safetensors"),
      ("siglip", "hf/model.safetensors", .bigVision, "npz_stored/siglip.npz"),
      ("siglip", "openclip/open_clip_model.safetensors", .bigVision, "npz_stored/siglip.npz"),
      ("siglip2", "openclip/open_clip_model.safetensors", .transformers, "hf/model.safetensors"),
      ("siglip2", "hf/model.safetensors", .openCLIP, "openclip/open_clip_model.safetensors"),
      ("siglip2", "hf/model.safetensors", .bigVision, ""),
      ("vit_classifier", "augreg_npz/vit.npz", .timm, "timm/model.safetensors"),
      ("vit_classifier", "timm/model.safetensors", .timm, "timm/model.safetensors"),
      ("vit_classifier", "timm/model.safetensors", .bigVision, ""),
    ] + dinov2.map { ("../classifiers/\($0)", "hf/model.safetensors", .transformers, "hf/model.safetensors") }

  private static let dinov2 = [
    "hf_dinov2", "hf_dinov2_swiglu", "hf_dinov2_registers", "hf_dinov2_registers_swiglu",
  ]

  @Test(arguments: pairs)
  func anExportIsWhatTheEcosystemWroteAndComesBack(
    name: String, source: String, format: ExportFormat, twin: String
  ) throws {
    let scratch = try ScratchFolder()
    let (folder, description) = try model(name, source, in: scratch)
    let target = scratch.file("export")
    let report = try export(description, in: folder, as: format, to: target)
    let files = try FileManager.default.contentsOfDirectory(atPath: target).sorted()
    #expect(files == report.files.sorted())
    let weights = try Checkpoint.open(target + "/" + (try #require(report.files.first)))
    if !twin.isEmpty {
      // Byte for byte the tensors of the original implementation; parts such as CoCa's decoder have no counterpart.
      let original = try Checkpoint.open(golden("\(name)/checkpoints/\(twin)"))
      let mine = try contents(weights)
      let theirs = try contents(original).filter {
        !$0.key.hasSuffix("position_ids") && !$0.key.hasSuffix("mask_token")
      }
      #expect(mine.count == theirs.count)
      for (key, value) in theirs { #expect(mine[spelled(key, in: mine)] == value, "\(key)") }
    }
    // Without any option: everything required is beside the weights.
    let identified = try planned(target).model
    expectSame(identified.architecture, description.architecture, as: format)
    let isResampledOtherwise =
      identified.architecture.vision?.resampling != description.architecture.vision?.resampling
    #expect(report.notes.contains { $0.hasPrefix("For pictures of another size") } == isResampledOtherwise)
    // Pictures are prepared by the ecosystem's rules, which a note says.
    var preprocessing = try #require(description.preprocessing)
    let convention = try #require(identified.preprocessing).convention
    let isPreparedOtherwise = convention != preprocessing.convention
    #expect(report.notes.contains { $0.contains("has its own rules") } == isPreparedOtherwise)
    preprocessing.convention = convention
    #expect(identified.preprocessing == preprocessing)
    let back = try converted(target, in: scratch)
    #expect(back.description.digests == description.digests)
  }

  /// Towers that begin with convolutions, and a projection beside timm's tower; training counters are not part of a model.
  @Test(arguments: ["resnet", "vitamin", "vitamin_without_positions", "mobileclip_base"])
  func openCLIPsOwnFileComesBack(family: String) throws {
    let scratch = try ScratchFolder(), folder = scratch.file("model"), target = scratch.file("export")
    let file = Golden.url("families/\(family)/checkpoints/openclip/open_clip_model.safetensors").path
    let conversion = try planned(file)
    let source = conversion.checkpoint
    let description = try conversion.write(to: folder)
    let report = try export(description, in: folder, as: .openCLIP, to: target)
    let weights = try Checkpoint.open(target + "/" + (try #require(report.files.first)))
    #expect(try contents(weights) == contents(source).filter { !$0.key.hasSuffix(".num_batches_tracked") })
  }

  /// NPZ files may or may not have `params/`.
  private func spelled(_ name: String, in other: [String: String]) -> String {
    other[name] == nil ? "params/" + name : name
  }

  private func expectSame(_ found: Architecture, _ expected: Architecture, as format: ExportFormat) {
    var (found, expected) = (found, expected)
    // A model exported to another ecosystem is run as in that ecosystem.
    switch format {
    case .openCLIP, .timm: expected.vision?.resampling = .bicubicAntialias
    case .transformers:
      if expected.vision?.pooler != .classAndPatchMean { expected.vision?.resampling = .bicubic }
    case .bigVision:
      let isClassifier = expected.isClassifier
      expected.vision?.resampling = isClassifier ? .bilinear : .bilinearCorners
    }
    (found.name, found.family) = (expected.name, expected.family)
    // The tokenizer is determined by its files, which golden checkpoints in some layouts lack.
    if let tokenizer = expected.text?.tokenizer { found.text?.tokenizer = tokenizer }
    #expect(found == expected)
  }

  @Test func everyArchitectureHasAWayOutAndBack() throws {
    var made: [ExportFormat: Int] = [:]
    for manifest in Registry.builtIn.manifests where manifest.architecture.unsupported == nil {
      let architecture = manifest.architecture
      let weights = Headers(architecture.tensors.map { .init(name: $0.name, dtype: .f16, shape: $0.shape) })
      for format in ExportFormat.allCases {
        // Making a plan checks that the result has exactly one layout and can be planned back without problems.
        switch Result(catching: { () throws(ConvertError) in try ExportPlan(format, architecture, weights) }) {
        case .success(let plan):
          made[format, default: 0] += 1
          #expect(plan.rows.reduce(0) { $0 + $1.byteCount } <= 2 * architecture.parameterCount)
          #expect(plan.rows.allSatisfy { $0.dtype == .f16 })
        case .failure(let error):
          #expect(!error.description.contains(": its tensors"), "\(error)")
          let own: ExportFormat =
            architecture.family == .dinov2 ? .transformers : architecture.isClassifier ? .timm : .openCLIP
          // Other formats cannot express TIPSv2.
          #expect(format != own || architecture.family == .tipsv2, "\(error)")
        }
      }
    }
    #expect(made[.openCLIP, default: 0] >= 80)
    #expect(made[.transformers, default: 0] >= 50)
    #expect(made[.bigVision, default: 0] >= 20)
  }

  @Test func aLargeExportIsCutIntoShards() throws {
    let scratch = try ScratchFolder()
    let (folder, description) = try model("clip_gelu", "openclip/open_clip_model.safetensors", in: scratch)
    var options = ExportOptions()
    options.maxShard = 200_000
    let report = try export(description, in: folder, as: .transformers, to: scratch.file("out"), options: options)
    let shards = report.files.filter { $0.hasSuffix(".safetensors") }
    #expect(shards.count == 5)
    #expect(shards.first == "model-00001-of-00005.safetensors")
    for shard in shards {
      let size = try Checkpoint.openAsStored(scratch.file("out/\(shard)")).entries.reduce(0) { $0 + $1.byteCount }
      #expect(size <= 200_000)
    }
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: scratch.file("out/model.safetensors.index.json"))))
    let index = try #require(json as? [String: Any])
    #expect((index["weight_map"] as? [String: String])?.count == report.tensors)
    #expect((index["metadata"] as? [String: Int])?["total_size"] == report.bytes)
    #expect(try converted(scratch.file("out"), in: scratch).description.digests == description.digests)
  }

  @Test func weightsAloneGoIntoAFile() throws {
    let scratch = try ScratchFolder()
    let (folder, description) = try model("siglip", "openclip/open_clip_model.safetensors", in: scratch)
    let file = scratch.file("siglip.npz")
    #expect(try export(description, in: folder, as: .bigVision, to: file).files == [file])
    let again = #expect(throws: ConvertError.self) { try export(description, in: folder, as: .bigVision, to: file) }
    #expect(again == .outputExists(file))
    var options = ExportOptions()
    (options.dtype, options.replacing) = (.bf16, true)
    try export(description, in: folder, as: .bigVision, to: file, options: options)
    let weights = try Checkpoint.open(file)
    #expect(Set(weights.entries.map(\.dtype)) == [.bf16])
    let half = try #require(try weights.tensor("params/img/embedding/kernel").floats())
    let whole = try Checkpoint.open(golden("siglip/checkpoints/npz_stored/siglip.npz"))
    let name = try #require(whole.entries.first { $0.name.hasSuffix("img/embedding/kernel") }?.name)
    for (one, two) in zip(half, try #require(try whole.tensor(name).floats())) {
      #expect(abs(one - two) <= abs(two) / 256)
    }
    #expect(scratch.contents.count == 2)
  }

  @Test func whatDoesNotFitIsRefusedWithTheReason() throws {
    let scratch = try ScratchFolder()
    let coca = try model("coca", "openclip/open_clip_model.safetensors", in: scratch)
    let error = #expect(throws: ConvertError.self) {
      try export(coca.description, in: coca.folder, as: .transformers, to: scratch.file("x"))
    }
    #expect(
      error?.description
        == "\(coca.description.name.architecture) cannot be exported to transformers: a CLIPModel pools by the class token"
    )
    #expect(scratch.contents.count == 1)
  }

  @Test func aCancelledExportLeavesNothing() throws {
    struct Stop: Error {}
    let scratch = try ScratchFolder()
    let (folder, description) = try model("clip_gelu", "openclip/open_clip_model.safetensors", in: scratch)
    for phase in [ConversionProgress.Phase.writing, .verifying] {
      for name in ["out", "out.safetensors"] {
        #expect(throws: Stop.self) {
          try export(description, in: folder, as: .openCLIP, to: scratch.file(name)) { progress in
            if progress.phase == phase, progress.bytesDone > progress.bytesTotal / 2 { throw Stop() }
          }
        }
        #expect(scratch.contents.count == 1)
      }
    }
  }

  @Test func weightsThatDoNotHaveTheirDigestsAreNotPassedOn() throws {
    let scratch = try ScratchFolder()
    var (folder, description) = try model("clip_gelu", "openclip/open_clip_model.safetensors", in: scratch)
    description.digests["text.blocks.1.qkv.weight"] = String(repeating: "0", count: 64)
    let error = #expect(throws: ConvertError.self) {
      try export(description, in: folder, as: .transformers, to: scratch.file("out"))
    }
    guard case .digestMismatch(tensor: "text.blocks.1.qkv.weight", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(scratch.contents.count == 1)
  }
}
