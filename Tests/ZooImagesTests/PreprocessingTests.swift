import Foundation
import Testing
import ZooModels
import ZooTestSupport

@testable import ZooImages

/// A preprocessing as described in a golden file.
private func preprocessing(_ facts: [String: Any]) throws -> Preprocessing {
  var facts = facts
  if let height = facts["height"], let width = facts["width"] { facts["size"] = [height, width] }
  return try manifestDecoder().decode(Preprocessing.self, from: JSONSerialization.data(withJSONObject: facts))
}

@Suite struct PreprocessingTests {
  @Test func transformsAreOpenClipsExactly() throws {
    let golden = try Golden.arrays("images/transforms.npz")
    let all = try cases("transforms")
    #expect(all.count == 36)
    for facts in all {
      let key = try #require(facts["key"] as? String), name = try #require(facts["source"] as? String)
      let result = preprocess(try source(name), try preprocessing(facts))
      let label = "\(key) \(name) \(facts["resize_mode"] ?? "")"
      expectSame(result.picture.pixels, golden["\(key).uint8"]?.bytes, label)
      expectSame(result.tensor.values, golden["\(key).tensor"]?.floats, label)
    }
  }

  @Test func modelsGetTheReferencePixels() throws {
    for model in try FileManager.default.contentsOfDirectory(atPath: Golden.url("models").path).sorted() {
      let golden = try Golden.arrays("models/\(model)/expected/preprocess.npz")
      let facts = try #require(try Golden.json("models/\(model)/case.json") as? [String: Any])
      let native = try preprocessing(try #require(facts["preprocess"] as? [String: Any]))
      for (key, want) in golden where key.hasSuffix(".uint8") {
        let parts = key.split(separator: ".")
        let file = parts[0] == "image_a" ? "image_a.png" : "image_b.jpg"
        let image = try Picture(contentsOf: Golden.url("models/\(model)/inputs/\(file)"))
        expectSame(image.convertedToRGB().pixels, golden["\(parts[0]).decoded"]?.bytes, "\(model) \(file)")
        var chosen = native
        if parts[1] != "native" {
          chosen.size = .init(height: want.shape[0], width: want.shape[1])
          chosen.resizeMode = .squash
          chosen.interpolation = .bicubic
        }
        let result = preprocess(image, chosen)
        expectSame(result.picture.pixels, want.bytes, "\(model) \(key)")
        let tensor = try #require(golden[key.replacing(".uint8", with: ".tensor")])
        #expect([3, result.tensor.height, result.tensor.width] == tensor.shape, "\(model) \(key)")
        expectSame(result.tensor.values, tensor.floats, "\(model) \(key)")
      }
    }
  }

  /// Synthetic pictures with many shapes, whose bytes after resize and crop are known by their SHA-256.
  @Test func syntheticPicturesMatchTheirDigests() throws {
    let file = try #require(try Golden.json("reference/golden_preprocess.json") as? [String: Any])
    let all = try #require(file["cases"] as? [[String: Any]])
    #expect(all.count == 40)
    for facts in all {
      let width = try #require(facts["w"] as? Int), height = try #require(facts["h"] as? Int)
      let size = try #require(facts["size"] as? Int)
      let image = Picture(width: width, height: height, pixels: synthetic(width: width, height: height))
      let result = preprocess(image, try preprocessing(facts))
      let label = "\(width)x\(height) to \(size) \(facts["resize_mode"] ?? "")"
      let rgb = result.picture.pixels, middle = (size / 2 * size + size / 2)
      #expect(sha256(rgb) == facts["rgb_sha256"] as? String, "\(label)")
      #expect(rgb.reduce(0) { $0 + Int($1) } == facts["rgb_sum"] as? Int, "\(label)")
      #expect(rgb[..<3].map { Int($0) } == facts["rgb_0_0"] as? [Int], "\(label)")
      #expect(result.tensor.values[0] == float(facts["chw_0"]), "\(label)")
      #expect(result.tensor.values[size * size + middle] == float(facts["chw_mid"]), "\(label)")
    }
  }

  @Test func targetSizesRoundAsUpstream() throws {
    for facts in try cases("target_sizes") {
      let from = try #require(facts["in_hw"] as? [Int]), side = try #require(facts["shortest_edge"] as? Int)
      func target(_ mode: Preprocessing.ResizeMode) -> [Int] {
        let made = Preprocessing(size: .init(square: side), resizeMode: mode)
        let size = resizeTarget(height: from[0], width: from[1], made).size
        return [size.height, size.width]
      }
      #expect(target(.shortest) == facts["torchvision_out_hw"] as? [Int], "\(from)")
      // The original gets a side of zero pixels there and fails; here it is one pixel.
      #expect(target(.longest) == (facts["keep_ratio_longest_out_hw"] as? [Int])?.map { max($0, 1) }, "\(from)")
    }
  }

  @Test func extremeShapesCostOnlyTheirCrop() {
    let thin = Picture(width: 200_000, height: 1, mode: .l, pixels: [UInt8](repeating: 7, count: 200_000))
    let result = preprocess(thin, Preprocessing(size: .init(square: 224)))
    #expect(result.picture.pixels == [UInt8](repeating: 7, count: 224 * 224 * 3))
  }

  @Test func jsonHasOpenClipsNamesAndDefaults() throws {
    func decode(_ json: String) throws -> Preprocessing {
      try manifestDecoder().decode(Preprocessing.self, from: Data(json.utf8))
    }
    let plain = try decode(#"{"size": 224}"#)
    #expect(plain == Preprocessing(size: .init(square: 224)))
    #expect(plain.mean == [0.48145466, 0.4578275, 0.40821073] && plain.interpolation == .bicubic)
    let full = try decode(
      #"""
      {"size": [224, 336], "mode": "RGB", "mean": 0.5, "std": [0.5, 0.25, 1], "interpolation": "bilinear",
       "resize_mode": "squash", "fill_color": 3}
      """#)
    #expect(full.size == .init(height: 224, width: 336) && full.mean == [0.5, 0.5, 0.5] && full.fill == 3)
    #expect(full.std == [0.5, 0.25, 1] && full.interpolation == .bilinear && full.resizeMode == .squash)
    #expect(try manifestDecoder().decode(Preprocessing.self, from: manifestEncoder().encode(full)) == full)
    for bad in [
      #"{"size": 0}"#, #"{"size": [1, 2, 3]}"#, #"{"size": 4, "std": 0}"#, #"{"size": 4, "mean": [1, 2]}"#,
      #"{"size": 4, "interpolation": "best"}"#, #"{"size": 4, "fill_color": 256}"#, #"{}"#,
    ] {
      #expect(throws: DecodingError.self, "\(bad)") { try decode(bad) }
    }
  }
}

private func float(_ number: Any?) -> Float? { (number as? Double).map { Float($0) } }

/// The formula in golden_preprocess.json.
private func synthetic(width: Int, height: Int) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
    var at = 0
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 {
          buffer[at] = UInt8(truncatingIfNeeded: 31 * x + 17 * y + 101 * c + 7 * ((x * y) >> 3))
          at += 1
        }
      }
    }
    count = at
  }
}
