import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// Models whose matrices are stored as 8-bit integers.
@Suite struct Int8ConversionTests {
  private let path = golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors")

  /// Which tensors of a CLIP model become integers.
  private func isMatrix(_ name: String) -> Bool {
    name == "text.tokens"
      || name.contains(".blocks.") && ["qkv", "out", "fc1", "fc2"].contains { name.hasSuffix(".\($0).weight") }
  }

  private func convert(_ path: String, in scratch: ScratchFolder) throws -> (
    folder: String, description: ModelDescription, stored: Checkpoint
  ) {
    let folder = scratch.file(UUID().uuidString)
    let description = try planned(path, dtype: .int8).write(to: folder)
    return (folder, description, try Checkpoint.openAsStored("\(folder)/weights.safetensors"))
  }

  @Test func matricesAreIntegersWithAScaleForEachRow() throws {
    let scratch = try ScratchFolder()
    let (_, description, stored) = try convert(path, in: scratch)
    let plain = try converted(path, in: scratch)
    #expect(description.quantisation == .int8)
    #expect(plain.description.quantisation == nil)
    var matrices = 0
    for entry in plain.weights.entries {
      let found = try stored.tensor(entry.name), wanted = try plain.weights.tensor(entry.name)
      guard isMatrix(entry.name) else {
        #expect(found.dtype == wanted.dtype && sha256(of: found.data.bytes) == sha256(of: wanted.data.bytes))
        continue
      }
      matrices += 1
      let scales = try #require(try stored.tensor("\(entry.name)_scale").floats())
      let values = try #require(wanted.floats()), width = values.count / scales.count
      #expect(found.dtype == .i8 && found.shape == wanted.shape && scales.count == wanted.shape[0])
      for (row, scale) in scales.enumerated() {
        let own = values[row * width..<(row + 1) * width]
        #expect(abs(scale * 127 - own.map(abs).max()!) <= 1e-6 * scale * 127)
        for (place, value) in own.enumerated() {
          let integer = Float(Int8(bitPattern: found.data[row * width + place]))
          #expect(abs(integer * scale - value) <= 0.5001 * scale)
        }
      }
    }
    #expect(matrices == stored.entries.count - plain.weights.entries.count)
    #expect(matrices > 8)
    #expect(Set(description.digests.keys) == Set(stored.entries.map(\.name)))
    for entry in stored.entries {
      #expect(description.digests[entry.name] == "\(sha256(of: try stored.tensor(entry.name).data.bytes))")
    }
  }

  @Test func theyAreTheSameFromEveryLayout() throws {
    let scratch = try ScratchFolder()
    // Queries, keys and values are three tensors there.
    let hf = try convert(golden("clip_gelu/checkpoints/hf/model.safetensors"), in: scratch)
    #expect(try contents(hf.stored) == contents(convert(path, in: scratch).stored))
  }

  @Test func whatReadsCheckpointsSeesNumbers() throws {
    let scratch = try ScratchFolder()
    let (folder, _, stored) = try convert(path, in: scratch)
    let opened = try Checkpoint.open("\(folder)/weights.safetensors")
    let plain = try converted(path, in: scratch)
    #expect(opened.entries.map(\.name) == plain.weights.entries.map(\.name))
    #expect(opened.entries.map(\.dtype) == plain.weights.entries.map(\.dtype))
    #expect(opened.notes.contains { $0.hasSuffix("they are read as their values times their scales.") })
    let name = "vision.blocks.1.fc2.weight", values = try #require(try opened.tensor(name).floats())
    let integers = try stored.tensor(name), scales = try #require(try stored.tensor("\(name)_scale").floats())
    let width = values.count / scales.count
    for (place, value) in values.enumerated() {
      #expect(value == Float(Int8(bitPattern: integers.data[place])) * scales[place / width])
    }
    let rows = try #require(try opened.tensor(name, rows: 3..<5).floats())
    #expect(rows == Array(values[3 * width..<5 * width]))
  }

  @Test func anExportHasTheNumbers() throws {
    let scratch = try ScratchFolder()
    let (folder, description, _) = try convert(path, in: scratch)
    let target = scratch.file("back.safetensors")
    try export(description, in: folder, as: .openCLIP, to: target)
    let opened = try Checkpoint.open("\(folder)/weights.safetensors")
    var known = ConversionOptions()
    known.configuration = golden("clip_gelu/checkpoints/openclip/open_clip_config.json")
    let back = try converted(target, known, in: scratch)
    #expect(try contents(back.weights) == contents(opened))
    var options = ExportOptions()
    options.dtype = .int8
    let refused = #expect(throws: ConvertError.self) {
      try export(description, in: folder, as: .openCLIP, to: scratch.file("other"), options: options)
    }
    #expect(refused?.description.contains("it has no place for 8-bit integers and their scales") == true)
  }

  @Test func aJoinedModelHasScalesInBothHalves() throws {
    let other = golden("clip_gelu/checkpoints/hf/model.safetensors")
    let joined = try Conversion(opening: path, text: other, registry: .builtIn, dtype: .int8)
    #expect(joined.plan.problems == [])
    let names = joined.plan.rows.map(\.target)
    for tower in ["vision", "text"] { #expect(names.contains("\(tower).blocks.0.fc1.weight_scale")) }
    #expect(Set(names).count == names.count)
  }
}
