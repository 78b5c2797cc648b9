import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// What training code wraps around a model is removed, with a note. The files were written by PyTorch (Tools/golden/make_containers.py).
@Suite struct UnwrappingTests {
  private func path(_ name: String) -> String { Golden.url("../Cases/containers/" + name).standardized.path }

  private func rule(_ name: String, part: String? = nil) throws -> CheckpointError {
    try checkpointError { _ = try Checkpoint.open(path(name), part: part) }
  }

  @Test(arguments: [
    (
      "averaged.pt",
      "The prefix 'module.' was taken off all names (DataParallel, DeepSpeed or AveragedModel); 'n_averaged' beside it "
        + "was left out."
    ),
    ("parallel.pt", "The prefix 'module.' was taken off all names (DataParallel, DeepSpeed or AveragedModel)."),
    ("compiled.pt", "The prefix '_orig_mod.' was taken off the names (torch.compile)."),
    (
      "tutorial.pt",
      "The state dict was read from 'model_state_dict' (PyTorch's tutorials); left out beside it: 'epoch', "
        + "'optimizer_state_dict', 'loss'."
    ),
    ("unknown_key.pt", "The state dict was read from 'best'; left out beside it: 'epoch'."),
  ])
  func oneModelIsFound(_ file: String, _ note: String) throws {
    let checkpoint = try Checkpoint.open(path(file))
    #expect(checkpoint.entries.map(\.name) == ["proj.weight", "proj.bias"])
    #expect(try checkpoint.tensor("proj.weight").floats() == [0, 1, 2, 3, 4, 5])
    #expect(checkpoint.notes == [note])
  }

  @Test func aCompiledPartIsUnwrapped() throws {
    let checkpoint = try Checkpoint.open(path("compiled_part.pt"))
    #expect(
      checkpoint.entries.map(\.name) == [
        "visual.proj.weight", "visual.proj.bias", "text.proj.weight", "text.proj.bias",
      ])
    #expect(try checkpoint.tensor("visual.proj.bias").floats() == [0, 1])
    #expect(try checkpoint.tensor("text.proj.bias").floats() == [0, 2])
  }

  @Test(arguments: [
    ("model_and_ema.pt", "'model' (2 tensors), 'ema' (2 tensors)"),
    ("nested_model_and_ema.pt", "'state_dict.model' (2 tensors), 'state_dict.ema' (2 tensors)"),
    ("two_halves.pt", "'visual' (2 tensors), 'text' (2 tensors)"),
  ])
  func amongSeveralNoneIsGuessed(_ file: String, _ found: String) throws {
    let error = try rule(file)
    #expect(error.rule == .severalStateDicts && error.found == found)
  }

  @Test(arguments: [
    ("model_and_ema.pt", "model", 1), ("model_and_ema.pt", "ema", 10),
    ("nested_model_and_ema.pt", "state_dict.ema", 10),
    ("two_halves.pt", "text", 10), ("distillation.pt", "teacher", 1), ("distillation.pt", "student", 10),
    ("parallel.pt", "module", 1),
  ])
  func theCallerChooses(_ file: String, _ part: String, _ factor: Float) throws {
    let checkpoint = try Checkpoint.open(path(file), part: part)
    #expect(checkpoint.entries.map(\.name) == ["proj.weight", "proj.bias"])
    #expect(try checkpoint.tensor("proj.bias").floats() == [0, factor])
  }

  @Test func partsThatDoNotExistAreNamed() throws {
    #expect(
      try rule("tutorial.pt", part: "ema").description.hasSuffix("the checkpoint has no part of this name: 'ema'"))
    #expect(try rule("distillation.pt", part: "teach").rule == .noSuchPart)
    #expect(try rule("float8.safetensors", part: "x").rule == .noSuchPart)
  }

  @Test func prefixesThatSomeNamesLackStay() throws {
    let checkpoint = try Checkpoint.open(path("distillation.pt"))
    #expect(checkpoint.entries.map(\.name).first == "teacher.proj.weight" && checkpoint.notes.isEmpty)
  }

  /// Every prefix named in the issue, and combinations.
  @Test(arguments: [
    (["model.a.w", "model.b"], ["a.w", "b"]), (["clip_model.a.w", "clip_model.b"], ["a.w", "b"]),
    (["clip.a.w", "clip.b"], ["a.w", "b"]), (["module.model.a.w", "module.model.b"], ["a.w", "b"]),
    (["base_model.model.a.w", "base_model.model.b"], ["a.w", "b"]),
    (["base_model.model.clip.a.w", "base_model.model.clip.b"], ["a.w", "b"]),
    (["visual._orig_mod.a.w", "b"], ["visual.a.w", "b"]), (["a._fsdp_wrapped_module.w", "b"], ["a.w", "b"]),
    (["_image_encoder.module.visual.w", "_text_encoder.module.t", "_logit_scale.module.s"], ["visual.w", "t", "s"]),
    (["_image_encoder.visual.w", "_text_encoder.t", "_logit_scale.s"], ["visual.w", "t", "s"]),
    // Two names would become the same; a name that consists only of the prefix stays.
    (["_text_encoder.w", "_logit_scale.w"], ["_text_encoder.w", "_logit_scale.w"]),
    (["a._orig_mod.w", "a.w"], ["a._orig_mod.w", "a.w"]), (["model.", "model.a"], ["model.", "model.a"]),
    (["module.a", "step"], ["module.a", "step"]),
  ])
  func prefixes(_ names: [String], _ expected: [String]) throws {
    let rows = names.enumerated().map { #""\#($1)":{"dtype":"U8","shape":[1],"data_offsets":[\#($0),\#($0 + 1)]}"# }
    let checkpoint = try openBytes(
      safetensors("{\(rows.joined(separator: ","))}", names.indices.map { UInt8($0) }))
    #expect(checkpoint.entries.map(\.name) == expected)
    for (position, name) in expected.enumerated() {
      #expect(try checkpoint.tensor(name).data.array == [UInt8(position)])
    }
  }
}
