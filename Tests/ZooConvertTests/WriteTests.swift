import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// What a conversion leaves on the disk, and what it does not.
@Suite struct WriteTests {
  private let path = golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors")

  @Test func aConvertedModelIsSelfContainedAndAccountedFor() throws {
    let scratch = try ScratchFolder()
    let demo = Golden.repository.appending(path: "Examples/ViT-Ti-8-emoji/open_clip_model.safetensors").path
    let conversion = try planned(demo)
    let model = conversion.model
    let target = scratch.file("model")
    try conversion.write(to: target)
    #expect(scratch.contents == ["model"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: target).sorted()
        == ["bpe_simple_vocab_16e6.txt.gz", "model.json", "weights.safetensors"])
    let json = try Data(contentsOf: URL(filePath: "\(target)/model.json"))
    let description = try ModelDescription(json: json, file: "model.json")
    #expect(description.architecture == model.architecture)
    #expect(description.layout == "openclip")
    #expect(description.sources.map(\.name) == ["open_clip_model.safetensors"])
    #expect(description.sources.map(\.size) == [19_454_778])
    let source = try Data(contentsOf: URL(filePath: demo))
    #expect(description.sources.map(\.sha256) == [source.withUnsafeBytes { "\(sha256(of: $0))" }])
    let weights = try Checkpoint.open("\(target)/weights.safetensors")
    for entry in weights.entries {
      let tensor = try weights.tensor(entry.name)
      #expect(description.digests[entry.name] == "\(sha256(of: tensor.data.bytes))")
    }
  }

  @Test func transposedAndJoinedTensorsHaveTheSourcesNumbers() throws {
    let scratch = try ScratchFolder()
    let result = try converted(path, in: scratch)
    let source = try Checkpoint.open(path)
    let projection = try #require(try source.tensor("visual.proj").floats())
    let written = try #require(try result.weights.tensor("vision.projection.weight").floats())
    // visual.proj is [48, 44], used as x @ W; the canonical one is [44, 48].
    for row in 0..<44 { for column in 0..<48 { #expect(written[row * 48 + column] == projection[column * 44 + row]) } }
    let hf = try Checkpoint.open(golden("clip_gelu/checkpoints/hf/model.safetensors"))
    let query = try hf.tensor("vision_model.encoder.layers.2.self_attn.q_proj.weight").floats()
    let fused = try #require(try result.weights.tensor("vision.blocks.2.qkv.weight").floats())
    #expect(Array(fused.prefix(48 * 48)) == query)
  }

  @Test func aCancelledConversionLeavesNothing() throws {
    struct Stop: Error {}
    let scratch = try ScratchFolder()
    let conversion = try planned(path)
    for phase in [ConversionProgress.Phase.writing, .verifying] {
      #expect(throws: Stop.self) {
        try conversion.write(to: scratch.file("model")) { progress in
          #expect(scratch.contents.count == 1)
          if progress.phase == phase, progress.bytesDone > progress.bytesTotal / 2 { throw Stop() }
        }
      }
      #expect(scratch.contents == [])
    }
  }

  @Test func workThatVanishesMidwayIsAnErrorAndLeavesNothing() throws {
    let scratch = try ScratchFolder()
    let conversion = try planned(path)
    #expect(throws: (any Error).self) {
      try conversion.write(to: scratch.file("model")) { progress in
        if progress.phase == .verifying {
          try FileManager.default.contentsOfDirectory(atPath: scratch.path)
            .forEach { try FileManager.default.removeItem(atPath: scratch.file($0)) }
        }
      }
    }
    #expect(scratch.contents == [])
  }

  @Test func whatStandsThereStaysUnlessReplaced() throws {
    let scratch = try ScratchFolder()
    let target = scratch.file("model")
    let conversion = try planned(path)
    try conversion.write(to: target)
    #expect(throws: ConvertError.outputExists(target)) {
      try conversion.write(to: target)
    }
    try planned(path, dtype: .f16).write(to: target, replacing: true)
    #expect(scratch.contents == ["model"])
    #expect(try Checkpoint.open("\(target)/weights.safetensors").entry("logit_scale")?.dtype == .f16)
  }

  @Test func leftoversOfDeadProcessesAreFoundAndCleared() throws {
    let scratch = try ScratchFolder()
    for name in [".model.partial-4194305", ".other.partial-4194305", ".model.partial-\(getpid())x", "model.partial-1"] {
      try FileManager.default.createDirectory(atPath: scratch.file(name), withIntermediateDirectories: true)
    }
    #expect(
      ConversionWork.abandoned(in: scratch.path).sorted() == [".model.partial-4194305", ".other.partial-4194305"])
    let conversion = try planned(path)
    try conversion.write(to: scratch.file("model"))
    #expect(!scratch.contents.contains(".model.partial-4194305"))
    #expect(scratch.contents.contains(".other.partial-4194305"))
  }

  @Test func anUnwritablePlaceIsNamed() throws {
    let conversion = try planned(path)
    let error = #expect(throws: ConvertError.self) {
      try conversion.write(to: "/proc/nowhere/model")
    }
    #expect(error?.description == "/proc/nowhere cannot be written: No such file or directory")
  }

  @Test func aPlanWithProblemsIsNotCarriedOut() throws {
    let scratch = try ScratchFolder()
    let conversion = try planned(path)
    let (checkpoint, model) = (conversion.checkpoint, conversion.model)
    var other = model
    other.architecture.vision?.blocks.layers += 1
    let plan = makePlan(model.layout, other.architecture, Headers(checkpoint))
    let error = #expect(throws: ConvertError.self) {
      try Conversion(checkpoint: checkpoint, model: other, plan: plan).write(to: scratch.file("model"))
    }
    #expect(
      error?.description
        == "\(path) cannot become a \(model.architecture.name): there is no tensor 'visual.transformer.resblocks.4.ln_1.weight', "
        + "from which 'vision.blocks.4.norm1.weight' is made (and 11 more problems)")
    #expect(scratch.contents == [])
  }

  @Test func brokenWeightsAreReported() throws {
    let scratch = try ScratchFolder()
    var data = try Data(contentsOf: URL(filePath: path))
    let entry = try #require(try Checkpoint.open(path).entry("visual.class_embedding"))
    let offset = try #require(entry.fileOffset)
    withUnsafeBytes(of: Float.nan) { data.replaceSubrange(offset..<offset + 4, with: $0) }
    withUnsafeBytes(of: -Float.infinity) { data.replaceSubrange(offset + 4..<offset + 8, with: $0) }
    let zeros = try #require(try Checkpoint.open(path).entry("visual.ln_pre.weight"))
    let start = try #require(zeros.fileOffset)
    data.replaceSubrange(start..<start + zeros.byteCount, with: [UInt8](repeating: 0, count: zeros.byteCount))
    let broken = scratch.file("broken.safetensors")
    try data.write(to: URL(filePath: broken))
    var options = ConversionOptions()
    options.configuration = golden("clip_gelu/checkpoints/openclip/open_clip_config.json")
    for dtype in [TargetDType.keep, .f16, .bf16] {
      let notes = try converted(broken, options, in: scratch, dtype: dtype).description.notes
      #expect(
        notes.filter { !$0.hasPrefix("There are no tokenizer files") } == [
          "'vision.class_token' has 2 elements that are NaN or infinite.",
          "'vision.norm_pre.weight' is zero throughout.",
        ])
    }
  }

  @Test func anotherCheckpointOfTheModelIsCompared() throws {
    let first = try planned(path)
    let second = try Checkpoint.open(golden("clip_gelu/checkpoints/hf/model.safetensors"))
    #expect(try first.compare(with: second).isEqual)
    let half = try Checkpoint.open(golden("clip_gelu/checkpoints/openclip_fp16/open_clip_model.safetensors"))
    let comparison = try first.compare(with: half)
    #expect(comparison.rows.count == first.plan.rows.count)
    // The 16-bit floats are the rounded numbers.
    #expect(comparison.isEqual)
    #expect(comparison.rows.contains { $0.outcome == .equalRounded(to: .f16) })
    let brain = try Checkpoint.open(golden("clip_gelu/checkpoints/openclip_bf16/open_clip_model.safetensors"))
    #expect(try first.compare(with: brain).isEqual)
  }

  @Test func oneOtherNumberIsADifference() throws {
    let scratch = try ScratchFolder()
    let first = try planned(path)
    var data = try Data(contentsOf: URL(filePath: path))
    let offset = try #require(first.checkpoint.entry("visual.class_embedding")?.fileOffset)
    let number = try #require(try first.checkpoint.tensor("visual.class_embedding").floats()?.first)
    withUnsafeBytes(of: number + 3) { data.replaceSubrange(offset..<offset + 4, with: $0) }
    try data.write(to: URL(filePath: scratch.file("other.safetensors")))
    let other = try Checkpoint.open(scratch.file("other.safetensors"))
    let comparison = try first.compare(with: other)
    #expect(!comparison.isEqual)
    #expect(comparison.differing.map(\.tensor) == ["vision.class_token"])
    #expect(comparison.differing.first?.outcome == .different(largest: number + 3 - number))
    let siglip = try Checkpoint.open(golden("siglip/checkpoints/hf/model.safetensors"))
    #expect(throws: ConvertError.self) { try first.compare(with: siglip) }
  }
}
