import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// Checkpoints as saved by fine-tunes give the model inside them.
@Suite struct WrappedModelTests {
  private let openCLIP = golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors")
  private let transformers = golden("clip_gelu/checkpoints/hf/model.safetensors")

  /// The written tensors of a model that is saved under other names, and the notes.
  private func convert(
    _ source: String, more: [(name: String, tensor: Tensor)] = [], name: (String) -> String? = { $0 }
  ) throws -> (contents: [String: String], notes: [String], model: IdentifiedModel) {
    let scratch = try ScratchFolder()
    let file = (source as NSString).lastPathComponent
    try rewrite(source, to: scratch.file(file), more: more, name: name)
    let folder = (source as NSString).deletingLastPathComponent
    for beside in ["open_clip_config.json", "config.json", "preprocessor_config.json"] {
      let path = "\(folder)/\(beside)"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      try FileManager.default.copyItem(atPath: path, toPath: scratch.file(beside))
    }
    let (model, weights, description) = try converted(scratch.file(file), in: scratch)
    return (try contents(weights), description.notes, model)
  }

  private func plain(_ source: String) throws -> [String: String] {
    let scratch = try ScratchFolder()
    return try contents(converted(source, in: scratch).weights)
  }

  @Test(arguments: ["model.", "clip_model.", "clip.", "module.model.", "module.", "_orig_mod.", "net.", "ema."])
  func prefixesOfOpenCLIP(_ prefix: String) throws {
    let found = try convert(openCLIP) { prefix + $0 }
    #expect(try found.contents == plain(openCLIP))
    #expect(found.notes.contains { $0.contains("taken off") })
  }

  @Test func aMergedPEFTCheckpoint() throws {
    #expect(try convert(transformers) { "base_model.model." + $0 }.contents == plain(transformers))
  }

  @Test func aCompiledImageTower() throws {
    let found = try convert(openCLIP) { $0.hasPrefix("visual.") ? "visual._orig_mod." + $0.dropFirst(7) : $0 }
    #expect(try found.contents == plain(openCLIP))
  }

  @Test(arguments: ["module.", ""]) func tinyCLIP(_ module: String) throws {
    let found = try convert(openCLIP) { name in
      let part = name.hasPrefix("visual.") ? "image_encoder" : name == "logit_scale" ? "logit_scale" : "text_encoder"
      return "_\(part).\(module)\(name)"
    }
    #expect(try found.contents == plain(openCLIP))
  }

  @Test func aLogitBiasIsUsedWhereNoConfigurationSpeaksOfIt() throws {
    let found = try convert(openCLIP, more: [("logit_bias", Tensor([-10], shape: []))])
    #expect(try found.model.architecture.logitBias && found.contents.count == plain(openCLIP).count + 1)
    #expect(
      withoutTokenizerNotes(found.notes) == [
        "The checkpoint has a logit_bias, of which nothing else speaks: it is used."
      ])
  }

  private func positions(_ count: Int, _ change: Float = 0, from start: Float = 0) -> Tensor {
    Tensor((0..<count).map { Float($0) + start + ($0 == 3 ? change : 0) }, shape: [1, count])
  }

  @Test func positionsThatCountAreDropped() throws {
    let names = ["text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"]
    let found = try convert(transformers, more: [(names[0], positions(77)), (names[1], positions(17))])
    #expect(try found.contents == plain(transformers))
    for wrong in [positions(77, 1), positions(77, 0.5), positions(77, from: 1)] {
      let scratch = try ScratchFolder()
      let file = scratch.file("model.safetensors")
      try rewrite(transformers, to: file, more: [(names[0], wrong)])
      let folder = (transformers as NSString).deletingLastPathComponent
      try FileManager.default.copyItem(atPath: "\(folder)/config.json", toPath: scratch.file("config.json"))
      let checkpoint = try Checkpoint.open(file)
      let model = try identify(checkpoint, registry: .builtIn)
      let plan = makePlan(model.layout, model.architecture, Headers(checkpoint))
      #expect(plan.problems == [.notCounting(source: names[0])])
    }
  }

  // MARK: Refusals

  private func diagnosis(_ names: [String]) throws -> (sentence: String, remedy: String) {
    let headers = Headers(names.map { Headers.Entry(name: $0, dtype: .f32, shape: [1]) })
    let error = #expect(throws: ConvertError.self) { _ = try detectLayout(headers, path: "x") }
    guard case .unknownLayout(_, let diagnosis)? = error else { return ("", "") }
    return (error?.description ?? "", diagnosis.remedy)
  }

  @Test(arguments: [
    (["base_model.model.text_model.q_proj.lora_A.weight"], "an adapter (LoRA or PEFT) without its base model"),
    (["lora_te_text_model_q_proj.lora_down.weight"], "an adapter (LoRA or PEFT) without its base model"),
    (
      ["q_proj.base_layer.weight", "q_proj.lora_A.default.weight"],
      "a model with an adapter (PEFT) that was not merged into it"
    ),
    (["model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.x"], "a Stable Diffusion checkpoint"),
    (["layers.0.self_attn.q_proj.weight", "embed_tokens.weight"], "a language model"),
    (["encoder.block.0.layer.0.SelfAttention.q.weight", "shared.weight"], "a T5 text encoder"),
  ])
  func whatItLooksLike(_ names: [String], _ kind: String) throws {
    let (sentence, remedy) = try diagnosis(names)
    #expect(sentence.hasPrefix("x cannot be converted: it looks like \(kind)"))
    #expect(!remedy.isEmpty)
  }

  @Test func adaptersOfPEFTAreRefused() throws {
    let folder = Golden.url("../Cases/containers").standardized.path
    for (file, kind) in [("peft", "without its base model"), ("peft_unmerged.safetensors", "not merged into")] {
      let checkpoint = try Checkpoint.open("\(folder)/\(file)")
      let error = #expect(throws: ConvertError.self) { try identify(checkpoint, registry: .builtIn) }
      #expect(error?.description.contains(kind) == true, "\(String(describing: error))")
    }
  }

  /// PEFT before 0.6 did not rename the weights.
  @Test(arguments: ["", "base_layer."])
  func anAdapterBesideAWholeModelIsNotMerged(_ wrapper: String) throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("model.safetensors"), query = "vision_model.encoder.layers.0.self_attn.q_proj."
    try rewrite(
      golden("clip_gelu/checkpoints/hf/model.safetensors"), to: path,
      more: [("\(query)lora_A.default.weight", Tensor([1, 2], shape: [1, 2]))]
    ) { $0.hasPrefix(query) ? query + wrapper + $0.dropFirst(query.count) : $0 }
    let checkpoint = try Checkpoint.open(path)
    let error = #expect(throws: ConvertError.self) { try identify(checkpoint, registry: .builtIn) }
    guard case .unknownLayout(_, let diagnosis)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(diagnosis.kind == "a model with an adapter (PEFT) that was not merged into it")
    #expect(diagnosis.remedy == "merge it first, with merge_and_unload() of PEFT, and save that model")
  }

  @Test func theNearestLayoutSaysWhatItLacked() throws {
    let (sentence, _) = try diagnosis(["visual.conv1.weight", "token_embedding.weight", "more"])
    #expect(
      sentence
        == "x does not match any supported layout; the nearest is openclip, but there is no 'positional_embedding'")
    #expect(try diagnosis(["more"]).sentence == "x does not match any supported layout")
    #expect(
      try diagnosis(["more"]).remedy == "'zoo inspect FILE' lists the tensors, and what each layout misses")
  }

  @Test func aModelUnderAPrefixIsPointedAt() throws {
    let names = try Checkpoint.open(openCLIP).entries.map(\.name)
    let (_, remedy) = try diagnosis(names.map { "teacher.\($0)" } + names.map { "student.clip.\($0)" })
    #expect(
      remedy == "it holds a model under a prefix of its own: read that alone with --part teacher or --part student.clip"
    )
    let scratch = try ScratchFolder()
    // A part that contains the model more deeply is named in full.
    try rewrite(
      openCLIP, to: scratch.file("y.safetensors"),
      more: [("student.head.weight", Tensor([1], shape: [1])), ("x", Tensor([1], shape: [1]))]
    ) {
      "student.inner.clip_a.\($0)"
    }
    for part in [nil, "student", "student.inner"] {
      let error = #expect(throws: ConvertError.self) {
        try identify(Checkpoint.open(scratch.file("y.safetensors"), part: part), registry: .builtIn)
      }
      guard case .unknownLayout(_, let diagnosis)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(diagnosis.parts == ["student.inner.clip_a"], "\(part ?? "")")
    }
    try rewrite(openCLIP, to: scratch.file("x.safetensors"), more: [("head.weight", Tensor([1], shape: [1]))]) {
      "student.clip.\($0)"
    }
    let checkpoint = try Checkpoint.open(scratch.file("x.safetensors"), part: "student.clip")
    #expect(checkpoint.entries.map(\.name).sorted() == names.sorted())
    #expect(
      checkpoint.notes == ["Only the tensors under 'student.clip' were read; left out beside them: 'head.weight'."])
  }
}
