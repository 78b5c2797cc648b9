import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

@Suite struct SafetensorsTests {
  /// A header, the length of the data after it, and the rule it breaks.
  static let broken: [(header: String, dataCount: Int, rule: CheckpointError.Rule)] = [
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      8, .jsonDuplicateKey
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}"#, 8, .jsonDuplicateKey),
    (#"{"__metadata__":{"k":"1","k":"2"}}"#, 0, .jsonDuplicateKey),
    (#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":{"k":1,"\u006b":2}}}"#, 0, .jsonDuplicateKey),
    (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, .unknownDType),
    (#"{"a":{"dtype":"C128","shape":[1],"data_offsets":[0,16]}}"#, 16, .unknownDType),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, .offsetsSize),
    (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, .partialByte),
    (#"{"a":{"dtype":"F32","shape":[9223372036854775807,4,0],"data_offsets":[0,0]}}"#, 0, .sizeOverflow),
    (#"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,0]}}"#, 0, .jsonNotAnInteger),
    (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, .jsonNotAnInteger),
    (#"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#, 8, .notJSON),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, .offsetsOrder),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, .offsetsCount),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, 8, .offsetsCount),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, .hole),
    (
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}}"#, 7,
      .overlap
    ),
    (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 5, .dataSize),
    (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 3, .dataMissing),
    (#"{"a":{"dtype":"U8","shape":[4]}}"#, 4, .entryIncomplete),
    (#"{"__metadata__":{"k":1}}"#, 0, .notJSON),
    (#"{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0, .jsonLoneSurrogate),
    (#"{"\ud800\u0041":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0, .jsonLoneSurrogate),
    (#"{"\udc00":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0, .jsonLoneSurrogate),
    ("{\"a\u{1}\":{}}", 0, .notJSON),
    ("{} x", 0, .notJSON),
    ("{,}", 0, .notJSON),
    (" {}", 0, .headerStart),
    (#"{"a":{"x":"# + String(repeating: "[", count: 127) + String(repeating: "]", count: 127) + "}}", 0, .jsonTooDeep),
    (#"{"a":{"x":{"#, 0, .notJSON),
  ]

  @Test(arguments: broken.indices) func brokenHeadersAreRefused(_ index: Int) throws {
    let (header, dataCount, rule) = Self.broken[index]
    let error = try checkpointError {
      _ = try openBytes(safetensors(header, [UInt8](repeating: 0, count: dataCount)))
    }
    #expect(error.rule == rule, "\(header): \(error)")
    #expect(error.file == "x.safetensors")
  }

  @Test func theMessageStatesTheFacts() throws {
    let header = #"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#
    let error = try checkpointError { _ = try openBytes(safetensors(header, [UInt8](repeating: 0, count: 8))) }
    #expect(
      error.description
        == "x.safetensors: 'w': dtype and shape need a different number of bytes than data_offsets span: "
        + "expected 12 bytes for F32 [3], found 8 (byte 13)")
    #expect(error.tensor == "w" && error.offset == 13)
  }

  @Test func messagesDoNotPassOnControlCharacters() throws {
    let header = #"{"\u001b[2J\u202e":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#
    let error = try checkpointError { _ = try openBytes(safetensors(header, [UInt8](repeating: 0, count: 8))) }
    #expect(error.description.contains(#"'\u{1b}[2J\u{202e}'"#))
  }

  @Test func nullMetadataAndUnknownFieldsAreLegal() throws {
    let header =
      #"{"__metadata__":null,"a":{"dtype":"U8","extra":[1,{"k":-0.5e+3},true,false,null],"shape":[1],"data_offsets":[0,1]}}"#
    let checkpoint = try openBytes(safetensors(header, [7]))
    #expect(try checkpoint.tensor("a").data.array == [7])
    #expect(checkpoint.metadata.isEmpty && checkpoint.container == .safetensors)
  }

  @Test func namesAreComparedByteByByte() throws {
    let header =
      #"{"é":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"e\u0301":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#
    let checkpoint = try openBytes(safetensors(header, [1, 2]))
    #expect(try checkpoint.tensor("\u{e9}").data.array == [1])
    #expect(try checkpoint.tensor("e\u{301}").data.array == [2])
  }

  @Test func tensorsOfAFileAreViewsOfTheMapping() throws {
    let checkpoint = try openGolden("models/clip_gelu/checkpoints/openclip")
    let first = try #require(checkpoint.entries.first)
    #expect(
      try checkpoint.tensor(first.name).data.bytes.baseAddress == checkpoint.tensor(first.name).data.bytes.baseAddress)
    #expect(checkpoint.path.hasSuffix("openclip/open_clip_model.safetensors"))
    let missing = try checkpointError { _ = try checkpoint.tensor("absent") }
    #expect(missing.rule == .noSuchTensor && missing.tensor == "absent")
  }

  @Test func entriesComeInTheOrderOfTheData() throws {
    let checkpoint = try openGolden("containers/safetensors/header_order_differs_from_data_order.safetensors")
    let offsets = checkpoint.entries.compactMap(\.fileOffset)
    #expect(offsets == offsets.sorted() && offsets.count == 3)
  }
}
