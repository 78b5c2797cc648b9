import Testing
import ZooCheckpoints
import ZooTestSupport

/// Files that are not checkpoints are described as what they are.
@Suite struct WrongFileTests {
  private func sentence(_ bytes: [UInt8], _ name: String = "x.safetensors") throws -> String {
    let error = try checkpointError { _ = try openBytes(bytes, name) }
    return String(error.description.dropFirst(name.count + 2))
  }

  @Test(arguments: [
    ("404.safetensors", "this is text, not a checkpoint: 'Entry not found'"),
    ("gguf_as.safetensors", "this is not a checkpoint that can be read: a GGUF file of llama.cpp"),
    ("lfs.safetensors", "this is a Git LFS pointer, not the file it points to: that has 605157884 bytes"),
    ("xet.safetensors", "this is a Hugging Face Xet pointer, not the file it points to: that has 605157884 bytes"),
    ("keras.h5", "this is not a checkpoint that can be read: an HDF5 file, as Keras and TensorFlow write"),
  ])
  func files(_ name: String, _ expected: String) throws {
    #expect(try sentence(Golden.bytes("../Cases/containers/wrong/" + name), name) == expected)
  }

  @Test(arguments: [
    (
      "<!DOCTYPE html><html><head><title>\n  Sign in  to X </title>",
      "this is a web page, not a checkpoint: 'Sign in to X'"
    ),
    (
      "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
      "this is an XML document, not a checkpoint: '<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>'"
    ),
    (#"{"error": "gated"}"#, #"this is text, not a checkpoint: '{"error": "gated"}'"#),
    ("Zugriff verweigert: Übung", "this is text, not a checkpoint: 'Zugriff verweigert: Übung'"),
    ("GGUF\u{3}\0", "this is not a checkpoint that can be read: a GGUF file of llama.cpp"),
    ("\u{8}\u{8}\u{12}\u{7}pytorch", "this is not a checkpoint that can be read: an ONNX model"),
    ("\0\0\0\u{1C}TFL3", "this is not a checkpoint that can be read: a TensorFlow Lite model"),
  ])
  func texts(_ text: String, _ expected: String) throws {
    #expect(try sentence(Array(text.utf8)) == expected)
  }

  @Test func aTruncatedArchiveSaysHowMuchIsMissing() throws {
    let whole = try Golden.bytes("models/clip_gelu/checkpoints/torch_zip/open_clip_pytorch_model.bin")
    // The elements of its tensors, 4 bytes each.
    let needed = try Checkpoint.open(
      Golden.url("models/clip_gelu/checkpoints/torch_zip/open_clip_pytorch_model.bin").path
    ).entries.reduce(0) { $0 + $1.byteCount }
    let found = try sentence(Array(whole.prefix(whole.count / 2)), "model.bin")
    let match = try #require(
      found.firstMatch(of: /the tensors take (\d+) bytes, and at least (\d+) of them are missing/), "\(found)")
    #expect(Int(match.1) == needed)
    let missing = try #require(Int(match.2))
    // There are headers and padding between the storages, so a little more is missing than can be known.
    #expect(missing <= whole.count - whole.count / 2 && missing > needed / 4)
  }

  private static let unknown = "how much is missing cannot be known without the list of members at its end"

  /// Sizes and offsets of the members are those reported by Python's zipfile.
  @Test(arguments: [
    (
      "siglip/checkpoints/npz_stored/siglip.npz", 20_000,
      "ends in 'params/img/embedding/kernel.npy', of which 23217 of 43136 bytes are missing, and so is all that followed it"
    ),
    (
      "siglip/checkpoints/npz_deflated/siglip.npz", 20_000,
      "ends in 'params/img/embedding/kernel.npy', of which 20016 of 39935 bytes are missing, and so is all that followed it"
    ),
    (
      "siglip/checkpoints/npz_deflated/siglip.npz", 40_016,
      "ends after 'params/img/embedding/kernel.npy', and \(unknown)"
    ),
    (
      "clip_gelu/checkpoints/torch_zip/open_clip_pytorch_model.bin", 200,
      "ends in or after 'archive/data.pkl', and \(unknown)"
    ),
    (
      "openai_jit/checkpoints/openai/ViT-tiny.pt", 5_000, "ends in or after 'ViT-tiny/data/0', and \(unknown)"
    ),
  ])
  func anArchiveThatWasCutSaysWhatIsKnown(_ file: String, _ length: Int, _ expected: String) throws {
    let whole = try Golden.bytes("models/\(file)")
    #expect(
      try sentence(Array(whole.prefix(length)), "x")
        == "the ZIP archive has no valid end record: the file is incomplete or damaged: the file \(expected)")
  }

  /// In an archive written to a pipe, sizes follow the bytes; an array's own header states its size.
  @Test func anArrayOfAStreamedArchiveSaysItsSize() throws {
    let array = Array(try Golden.bytes("hostile/npy/data_short.npy").prefix(128))
    var archive = StoredZip([("a.npy", array)]).bytes
    archive[6] |= 8
    archive.replaceSubrange(18..<26, with: repeatElement(0, count: 8))
    let found = try sentence(Array(archive.prefix(30 + 5 + 128)), "x.npz")
    #expect(found.contains("the file ends in 'a.npy', of which "), "\(found)")
  }

  @Test func anArrayThatWasCutSaysHowMuchIsMissing() throws {
    let whole = try StoredZip(reading: Golden.bytes("models/siglip/checkpoints/npz_stored/siglip.npz")).members[0].bytes
    // 43136 bytes, of which 128 are the header.
    #expect(
      try sentence(Array(whole.prefix(10_128)), "x.npy")
        == "the file is incomplete: expected 43008 bytes, found 10000: 33008 bytes are missing (byte 128)")
  }

  @Test func aListOfTensorsThatWasCutSaysSo() throws {
    let whole = try Golden.bytes("models/clip_gelu/checkpoints/torch_legacy/open_clip_pytorch_model.pt")
    #expect(
      try sentence(Array(whole.prefix(2_000)), "x.pt").hasPrefix(
        "the pickle ends too early: the file ends in the list of its tensors, and how much is missing cannot be known"))
  }

  @Test func aTruncatedLegacyFileSaysHowMuchIsMissing() throws {
    let whole = try Golden.bytes("models/clip_gelu/checkpoints/torch_legacy/open_clip_pytorch_model.pt")
    for length in [whole.count / 2, whole.count - 10] {
      #expect(
        try sentence(Array(whole.prefix(length)), "model.pt").hasSuffix(
          "the file is incomplete: at least \(whole.count - length) bytes of the tensors are missing"))
    }
  }

  @Test func bytes() throws {
    #expect(
      try sentence([0x81, 0xA6] + Array("params".utf8), "flax_model.msgpack")
        == "this is not a checkpoint that can be read: a msgpack file, as Flax writes")
    #expect(
      try sentence([0x1F, 0x8B, 8, 0]) == "this is not a checkpoint that can be read: a gzip archive: unpack it first")
    #expect(try sentence([1, 2, 3], "x") == "this is not a safetensors, PyTorch, NPZ or NPY file")
  }

  @Test func longTextIsCutBetweenCharacters() throws {
    let text = try sentence(Array(String(repeating: "ü", count: 3000).utf8))
    #expect(text == "this is text, not a checkpoint: '\(String(repeating: "ü", count: 80))…'")
  }

  @Test func truncatedDownloadsSayHowMuchIsMissing() throws {
    let whole = safetensors(
      #"{"a":{"dtype":"U8","shape":[400],"data_offsets":[0,400]}}"#, .init(repeating: 7, count: 400))
    #expect(
      try sentence(Array(whole.dropLast(150)))
        == "the file is incomplete: expected \(whole.count) bytes, found \(whole.count - 150): 150 bytes are missing")
    #expect(
      try sentence(Array(whole.prefix(40))).contains(
        "which is incomplete: expected at most 32 bytes, found \(whole.count - 408): at least \(whole.count - 440) bytes"
      ))
    let archive = StoredZip([("r/data.pkl", [0x80, 2])]).bytes
    #expect(
      try sentence(Array(archive.dropLast(30)), "x.pt")
        .hasPrefix("the ZIP archive has no valid end record: the file is incomplete or damaged"))
  }

  @Test func foreignArchivesSayWhatTheyHold() throws {
    #expect(
      try sentence(StoredZip([("metadata.json", []), ("model.weights.h5", [])]).bytes, "x.keras")
        == "the ZIP archive holds neither NPY arrays nor a PyTorch checkpoint: it holds 'metadata.json', "
        + "'model.weights.h5'")
  }
}
