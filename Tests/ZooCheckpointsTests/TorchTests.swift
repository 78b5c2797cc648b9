import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// PyTorch archives made from opcodes, for content that no writer produces.
@Suite struct TorchTests {
  private let storage = "(X\u{7}\0\0\0storagectorch\nFloatStorage\nX\u{1}\0\0\00X\u{3}\0\0\0cpuK\u{4}tQ"

  /// A tensor with the four floats in storage 0.
  private var tensor: String {
    "ctorch._utils\n_rebuild_tensor_v2\n(\(storage)K\u{0}K\u{4}\u{85}K\u{1}\u{85}\u{89}ccollections\nOrderedDict\n)RtR"
  }

  private func text(_ text: String) -> String { "X" + String(UnicodeScalar(UInt8(text.utf8.count))) + "\0\0\0" + text }

  /// Opens an archive with this pickle, given in Latin-1.
  private func open(_ pickle: String) throws -> Checkpoint {
    let floats: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64]
    let bytes = pickle.unicodeScalars.map { UInt8($0.value) }
    return try openBytes(StoredZip([("r/data.pkl", [0x80, 2] + bytes), ("r/data/0", floats)]).bytes, "x.pt")
  }

  private func rule(_ pickle: String) throws -> CheckpointError.Rule {
    try checkpointError { try readAll(open(pickle)) }.rule
  }

  @Test func aTensorIsRead() throws {
    let checkpoint = try open("}(\(text("w"))\(tensor)u.")
    #expect(try checkpoint.tensor("w").floats() == [1, 2, 3, 4])
    #expect(checkpoint.container == .torchZip && checkpoint.notes.isEmpty)
  }

  @Test func plainValuesBesideTensorsAreLeftOutWithANote() throws {
    let checkpoint = try open("}(\(text("w"))\(tensor)\(text("epoch"))K\u{3}\(text("l"))]u.")
    #expect(checkpoint.entries.map(\.name) == ["w"])
    #expect(checkpoint.notes == ["Left out, for they are not tensors: 'epoch', 'l'."])
  }

  @Test func wrappersAreOpened() throws {
    let inner = "}(\(text("module.w"))\(tensor)u"
    let checkpoint = try open("}(\(text("model"))}(\(text("state_dict"))\(inner)u\(text("x"))cfoo\nBar\n)Ru.")
    #expect(checkpoint.entries.map(\.name) == ["w"])
    #expect(
      checkpoint.notes == [
        "The state dict was read from 'model' (DeiT, MAE and others); left out beside it: 'x'.",
        "The state dict was read from 'state_dict' (Lightning, open_clip and others).",
        "The prefix 'module.' was taken off all names (DataParallel, DeepSpeed or AveragedModel).",
      ])
  }

  @Test func aPrefixThatSomeNamesLackStays() throws {
    let checkpoint = try open("}(\(text("module.w"))\(tensor)\(text("v"))\(tensor)u.")
    #expect(checkpoint.entries.map(\.name) == ["module.w", "v"])
  }

  @Test func objectsInThePlaceOfTensorsAreErrors() throws {
    #expect(try rule("}(\(text("w"))\(tensor)\(text("o"))cfoo\nBar\n)\u{81}u.") == .torchOpaqueTensor)
    #expect(try rule("}(\(text("w"))\(tensor)\(text("o"))ctorch\nfloat32\nu.") == .torchOpaqueTensor)
    #expect(try rule("}(\(text("w"))\(storage)u.") == .torchOpaqueTensor)
    #expect(try rule("cfoo\nBar\n)\u{81}.") == .torchNotAStateDict)
  }

  @Test func flagsOfATensorAreNotIgnored() throws {
    let flagged = tensor.dropLast(2) + "}(\(text("conj"))\u{88}utR"
    #expect(try rule("}(\(text("w"))\(flagged)u.") == .torchOpaqueTensor)
  }

  @Test(arguments: [
    "os", "posix", "subprocess", "sys", "importlib.util", "pickle", "builtins", "__builtin__", "os.path", "runpy",
  ])
  func modulesThatOnlyAttacksNeedAreRefused(_ module: String) throws {
    #expect(try rule("}(\(text("w"))\(tensor)\(text("x"))c\(module)\nanything\nu.") == .pickleForbidden)
  }

  @Test func harmlessBuiltinsAreOpaque() throws {
    let checkpoint = try open("}(\(text("model"))}(\(text("w"))\(tensor)u\(text("x"))cbuiltins\nset\n]\u{85}Ru.")
    #expect(checkpoint.entries.count == 1)
  }

  @Test func modulesThatContainThemselvesEnd() throws {
    let module = "c__torch__.m\nM\n)\u{81}q\0}(\(text("w"))\(tensor)\(text("m"))h\0ub."
    #expect(try rule(module) == .torchTooManyTensors)
  }

  @Test func sharedModulesDoNotGrowWithoutBound() throws {
    // Each of 40 modules contains the previous one twice: 2^40 paths.
    var pickle = "c__torch__.m\nM\nq\u{64})\u{81}}(\(text("w"))\(tensor)ubq\0"
    for level in 1...40 {
      let before = "h" + String(UnicodeScalar(UInt8(level - 1)))
      pickle += "h\u{64})\u{81}}(\(text("a"))\(before)\(text("b"))\(before)ubq" + String(UnicodeScalar(UInt8(level)))
    }
    #expect(try rule(pickle + ".") == .torchTooManyTensors)
  }

  @Test func dagsOfTuplesCostNothing() throws {
    var pickle = "}(\(text("w"))\(tensor)\(text("t")))"
    for _ in 0..<60 { pickle += "2\u{86}" }
    let checkpoint = try open(pickle + "u.")
    #expect(checkpoint.entries.map(\.name) == ["w"])
  }

  @Test func stackAndMarkErrorsAreFound() throws {
    #expect(try rule("K\u{1}(\u{85}.") == .pickleStack)
    #expect(try rule("0.") == .pickleStack)
    #expect(try rule("}(\(text("w"))u.") == .pickleStack)
    #expect(try rule("}(.") == .pickleStack)
    #expect(try rule("]\(text("w"))K\u{1}s.") == .pickleType)
    #expect(try rule("}K\u{1}a.") == .pickleType)
    #expect(try rule("K\u{1})R.") == .pickleType)
    #expect(try rule("X\u{1}\0\0\0\u{ff}.") == .pickleText)
    #expect(try rule("") == .pickleTruncated)
  }

  @Test func shardsMayBePyTorchArchives() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Golden.bytes("containers/torch/cuda_location.pt"), "1.bin")
    _ = try folder.write(Golden.bytes("containers/torch/tied.pt"), "2.bin")
    _ = try folder.write(safetensors(#"{"b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#), "3.safetensors")
    let index = try folder.write(
      Array(#"{"weight_map":{"w":"1.bin","a":"2.bin","b":"2.bin"}}"#.utf8), "pytorch_model.bin.index.json")
    let checkpoint = try Checkpoint.open(index)
    #expect(checkpoint.container == .torchShards && checkpoint.entries.map(\.name) == ["w", "a", "b"])
    #expect(try checkpoint.tensor("w").floats() == [2, 3, 4])
    let mixed = try folder.write(
      Array(#"{"weight_map":{"w":"1.bin","b":"3.safetensors"}}"#.utf8), "mixed.index.json")
    #expect(try checkpointError { _ = try Checkpoint.open(mixed) }.rule == .shardContainer)
  }
}
