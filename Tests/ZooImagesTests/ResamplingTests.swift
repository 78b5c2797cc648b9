import Testing
import ZooImages
import ZooTestSupport

@Suite struct ResamplingTests {
  @Test func mapsAreUpsampledAsTorchDoes() throws {
    let golden = try Golden.arrays("images/upsample.npz")
    for facts in try cases("upsample") {
      let key = try #require(facts["key"] as? String), patch = try #require(facts["patch"] as? Int)
      let input = try #require(golden["\(key).in"]), sized = try #require(golden["\(key).to_size"])
      let height = input.shape[1], width = input.shape[2]
      for index in 0..<input.shape[0] {
        let map = input[index].floats
        let up = bilinearUpsampled(map, height: height, width: width, factor: patch)
        let want = golden["\(key).scale_factor"]?[index].doubles
        expectClose(up.map { Double($0) }, want, within: 2e-6, "\(key) times \(patch)")
        let other = bilinearResized(
          map, height: height, width: width, toHeight: sized.shape[1], toWidth: sized.shape[2])
        expectClose(other.map { Double($0) }, sized[index].doubles, within: 2e-6, "\(key) to size")
      }
    }
  }

  @Test func positionsAreResampledAsTorchDoes() throws {
    let golden = try Golden.arrays("images/pos_embed.npz")
    let methods: [(String, PositionMethod)] = [
      ("bicubic", .bicubic(antialias: false)), ("bicubic_antialias", .bicubic(antialias: true)),
      ("bilinear", .bilinear(antialias: false)), ("bilinear_antialias", .bilinear(antialias: true)),
    ]
    for facts in try cases("pos_embed") {
      let key = try #require(facts["key"] as? String), prefix = try #require(facts["prefix"] as? Int)
      let old = try #require(facts["old_grid"] as? [Int]), new = try #require(facts["new_grid"] as? [Int])
      let table = try #require(golden["\(key).in"])
      for (name, method) in methods {
        let want = try #require(golden["\(key).\(name)"]), skipped = prefix * want.shape[1]
        let got = resamplePositions(
          Array(table.floats.dropFirst(skipped)), from: (old[0], old[1]), to: (new[0], new[1]), method: method)
        expectClose(
          got.map { Double($0) }, Array(want.doubles.dropFirst(skipped)), within: 2e-6, "\(key) \(name)")
      }
    }
  }

  @Test(arguments: [
    ("transformers_siglip", PositionMethod.bicubic(antialias: false)), ("big_vision", .bilinearCorners),
  ])
  func positionsAreResampledAsTheirEcosystemDoes(_ name: String, _ method: PositionMethod) throws {
    let golden = try Golden.arrays("positions/positions.npz"), table = try #require(golden["siglip.table"]).floats
    for grid in [(6, 9), (3, 2), (7, 3)] {
      let key = "\(name).\(grid.0)x\(grid.1).table"
      let got = resamplePositions(table, from: (5, 5), to: grid, method: method)
      expectClose(got.map { Double($0) }, golden[key]?.doubles, within: 2e-6, key)
    }
  }

  /// `scipy.ndimage.zoom` maps the only position of a side to the first one.
  @Test func cornersLieOnCorners() {
    let line: [Float] = [0, 10, 30]
    func zoomed(_ to: Int) -> [Float] { resamplePositions(line, from: (1, 3), to: (1, to), method: .bilinearCorners) }
    #expect(zoomed(5) == [0, 5, 10, 20, 30])
    #expect(zoomed(2) == [0, 30])
    #expect(zoomed(1) == [0])
  }

  @Test func theSameGridIsLeftAlone() {
    let table: [Float] = [1, 2, 3, 4, 5, 6]
    #expect(resamplePositions(table, from: (1, 3), to: (1, 3), method: .bicubic(antialias: true)) == table)
  }
}
