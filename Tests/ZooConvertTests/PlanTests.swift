import Testing
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors

/// What a plan says about headers that are almost those of a model.
@Suite struct PlanTests {
  private let layout: CheckpointLayout
  private let architecture: Architecture

  init() throws {
    layout = try #require(CheckpointLayout.named("openclip"))
    architecture = try #require(Registry.builtIn.manifest("ViT-B-32")).architecture
  }

  private func headers(_ change: (inout [Headers.Entry]) -> Void = { _ in }) -> Headers {
    var entries = layout.sourceTensors(of: architecture).map {
      Headers.Entry(name: $0.name, dtype: .f32, shape: $0.shape)
    }
    change(&entries)
    return Headers(entries)
  }

  private func problems(_ change: (inout [Headers.Entry]) -> Void) -> [String] {
    makePlan(layout, architecture, headers(change)).problems.map(\.description)
  }

  @Test func aCompleteCheckpointHasNoProblems() {
    let plan = makePlan(layout, architecture, headers())
    #expect(plan.problems == [])
    #expect(plan.rows.count == 302)
    #expect(plan.byteCount == 4 * 151_277_313)
    #expect(plan.description.hasSuffix("302 tensors read, 302 used, 0 dropped by rule, 302 written"))
  }

  @Test func theTableNamesTargetTypeShapeAndSource() {
    let lines = makePlan(layout, architecture, headers(), dtype: .bf16).description.split(separator: "\n")
    #expect(
      lines.contains {
        $0.split(separator: " ") == [
          "vision.projection.weight", "BF16", "512x768", "transpose(visual.proj,", "1", "0)",
        ]
      })
  }

  @Test func aMissingTensorIsNamedWithItsTarget() {
    let found = problems { $0.removeAll { $0.name == "visual.transformer.resblocks.3.mlp.c_fc.bias" } }
    #expect(
      found == [
        "there is no tensor 'visual.transformer.resblocks.3.mlp.c_fc.bias', from which "
          + "'vision.blocks.3.fc1.bias' is made"
      ])
  }

  @Test func anExtraTensorIsNamedWithTypeAndShape() {
    let found = problems { $0.append(Headers.Entry(name: "visual.extra", dtype: .f16, shape: [3, 4])) }
    #expect(found == ["'visual.extra' (F16 3x4) is not used, and no rule drops it"])
  }

  @Test func aWrongShapeIsNamedWithBothShapes() {
    let found = problems { entries in
      entries = entries.map { $0.name == "visual.proj" ? .init(name: $0.name, dtype: .f32, shape: [512, 768]) : $0 }
    }
    #expect(found == ["'visual.proj' is 512x768, but 'vision.projection.weight' is made from 768x512"])
  }

  @Test func wholeNumbersAreNoWeights() {
    let found = problems { entries in
      entries = entries.map { $0.name == "ln_final.bias" ? .init(name: $0.name, dtype: .i64, shape: $0.shape) : $0 }
    }
    #expect(found == ["'ln_final.bias' holds I64, but 'text.norm.bias' is made from floating-point numbers"])
  }

  @Test func allProblemsAreListed() {
    let found = problems { entries in
      entries.removeAll { $0.name == "logit_scale" || $0.name == "visual.conv1.weight" }
      entries.append(Headers.Entry(name: "more", dtype: .f32, shape: []))
    }
    #expect(found.count == 3)
  }

  @Test func buffersAreDroppedByRuleOnlyWhereTheyAreWholeNumbers() {
    let buffer = makePlan(
      layout, architecture, headers { $0.append(.init(name: "context_length", dtype: .i64, shape: [])) })
    #expect(buffer.problems == [])
    #expect(buffer.dropped.map(\.rule) == ["context_length"])
    #expect(problems { $0.append(.init(name: "context_length", dtype: .f32, shape: [])) }.count == 1)
  }

  @Test func scalarsMayBeStoredAsOneElement() {
    let plan = makePlan(
      layout, architecture,
      headers { entries in
        entries = entries.map { $0.name == "logit_scale" ? .init(name: $0.name, dtype: .f32, shape: [1]) : $0 }
      })
    #expect(plan.problems == [])
    #expect(plan.rows.last?.shape == [])
  }

  @Test func keptTypesAreWidenedWhereTheyMeet() throws {
    let trunk = try #require(CheckpointLayout.named("openclip-timm"))
    let eva = try #require(Registry.builtIn.manifest("EVA02-B-16")).architecture
    let names = [
      "visual.trunk.blocks.0.attn.q_proj.weight", "visual.trunk.blocks.0.attn.k_proj.weight",
      "visual.trunk.blocks.0.attn.v_proj.weight",
    ]
    let entries = zip(names, [DType.f16, .f16, .bf16]).map { Headers.Entry(name: $0, dtype: $1, shape: [768, 768]) }
    let plan = makePlan(trunk, eva, Headers(entries))
    #expect(plan.rows.first { $0.target == "vision.blocks.0.qkv.weight" }?.dtype == .f32)
  }

  @Test func thePatternOfARuleMatchesWholeNames() {
    let rule = makePlan(
      layout, architecture, headers { $0.append(.init(name: "transformer.attn_mask", dtype: .f32, shape: [77, 77])) })
    #expect(rule.dropped.map(\.name) == ["transformer.attn_mask"])
    #expect(problems { $0.append(.init(name: "attn_masks", dtype: .f32, shape: [1])) }.count == 1)
  }
}
