import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Every file of `containers/` reads to the values of `expected.json`.
@Suite struct GoldenContainerTests {
  static func files(_ folder: String) -> [String] {
    (Golden.expected.keys.filter { $0.hasPrefix(folder + "/") }).sorted()
  }

  @Test(arguments: files("safetensors")) func safetensors(_ file: String) throws { try check(file) }

  @Test(arguments: files("npy")) func npy(_ file: String) throws { try check(file) }
  @Test(arguments: files("npz")) func npz(_ file: String) throws { try check(file) }
  @Test(arguments: files("torch")) func torch(_ file: String) throws { try check(file) }

  private func check(_ file: String) throws {
    let expected = try #require(Golden.expected[file])
    let checkpoint = try Checkpoint.openAsStored(Golden.url("containers/" + file).path)
    let tensors = expected["tensors"] as? [String: [String: Any]] ?? ["": expected]
    for (name, want) in tensors where name != "\u{e9}" {
      let entry = try #require(checkpoint.entry(name), "'\(name)' is not there")
      #expect(entry.shape == want["shape"] as? [Int])
      #expect(Golden.dtypes(want).contains(entry.dtype.rawValue), "'\(name)' is \(entry.dtype)")
      let values = (want["values"] as? [Any] ?? []).map { GoldenValue($0, entry.dtype) }
      #expect(try checkpoint.tensor(name).goldenValues == values, "'\(name)'")
    }
    // A Swift dictionary treats the two encodings of é as the same key; SafetensorsTests covers them.
    let count = file.hasSuffix("unicode_names.safetensors") ? 5 : tensors.count
    #expect(checkpoint.entries.count == (expected["tensor_count"] as? Int ?? count))
    #expect(checkpoint.metadata == (expected["metadata"] as? [String: String] ?? [:]))
  }
}

extension Golden {
  nonisolated(unsafe) static let expected =
    (try? json("containers/expected.json")) as? [String: [String: Any]] ?? [:]

  /// The safetensors names for the element types in the file.
  static func dtypes(_ node: [String: Any]) -> [String] {
    if let descr = node["descr"] as? String {
      let names = [
        "f2": "F16", "f4": "F32", "f8": "F64", "b1": "BOOL", "i1": "I8", "i8": "I64", "u8": "U64", "c8": "C64",
        "V2": "BF16",
      ]
      return [names[String(descr.dropFirst())] ?? ""]
    }
    let name = node["dtype"] as? String ?? ""
    let names = [
      "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64", "bool": "BOOL", "uint8": "U8",
      "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint16": "U16", "uint32": "U32",
      "complex64": "C64", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
    ]
    return [names[name] ?? name]
  }
}
