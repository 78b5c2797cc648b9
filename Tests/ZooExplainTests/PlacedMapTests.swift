import Testing
import ZooExplain
import ZooImages
import ZooModels

/// Maps on the pictures that they came from, and the regions of such maps.
@Suite struct PlacedMapTests {
  private func map(_ values: [Float], rows: Int, columns: Int, patch: Int) -> Heatmap {
    Heatmap(
      grid: GridSize(height: rows, width: columns), patch: patch, layers: [], values: values,
      finish: .upsampleThenNormalise)
  }

  private func facts(width: Int, height: Int, _ preprocessing: Preprocessing) -> PictureFacts {
    let image = Picture(width: width, height: height, mode: .l, pixels: [UInt8](repeating: 0, count: width * height))
    return PictureLoader(preprocessing: preprocessing).load(image).source
  }

  private let values = (0..<16).map { Float(($0 * 7) % 16) }

  @Test func whereNothingIsResizedTheMapIsTheSame() {
    let heatmap = map(values, rows: 4, columns: 4, patch: 4), size = GridSize(height: 16, width: 16)
    let facts = facts(width: 26, height: 16, Preprocessing(size: size, resizeMode: .keep))
    let placed = heatmap.placed(on: facts, input: size, in: heatmap.range)
    #expect(placed.size == GridSize(height: 16, width: 26) && placed.rows == 0..<16 && placed.columns == 5..<21)
    for (found, want) in zip(placed.values, heatmap.pixels()) { #expect(abs(found - want) < 1e-6) }
    let whole = placed.whole()
    #expect(whole.count == 16 * 26 && whole.count { $0.isNaN } == 16 * 10)
    #expect(whole[26 * 3 + 5 + 7] == placed.values[16 * 3 + 7])
  }

  /// 4 x 4 patches in the middle of a picture of 80 x 40: the hot patch is 10 pixels wide.
  @Test(arguments: [(0, 0), (1, 2), (3, 3)])
  func theHotPatchIsWhereItCameFrom(_ row: Int, _ column: Int) {
    var values = [Float](repeating: 0, count: 16)
    values[row * 4 + column] = 1
    let heatmap = map(values, rows: 4, columns: 4, patch: 8), size = GridSize(height: 32, width: 32)
    let facts = facts(width: 80, height: 40, Preprocessing(size: size))
    let placed = heatmap.placed(on: facts, input: size, in: 0...1)
    #expect(placed.rows == 0..<40 && placed.columns == 20..<60)
    let regions = placed.regions(above: 0.6)
    #expect(regions.count == 1)
    let box = regions[0].box, middle = (x: Double(box[0]) + Double(box[2]) / 2, y: Double(box[1]) + Double(box[3]) / 2)
    // At the edge, the outermost values continue to the border.
    let inner = (1...2).contains(row)
    #expect(abs(middle.y - (Double(row) * 10 + 5)) <= (inner ? 0.5 : 2))
    #expect(abs(middle.x - (20 + Double(column) * 10 + 5)) <= (inner ? 0.5 : 2))
  }

  @Test func patchesThatCoverLessThanTheInputLeaveTheRest() {
    let heatmap = map([1, 2, 3, 4], rows: 2, columns: 2, patch: 8), size = GridSize(height: 20, width: 20)
    let placed = heatmap.placed(on: facts(width: 40, height: 40, Preprocessing(size: size)), input: size, in: 1...4)
    #expect(placed.rows == 0..<32 && placed.columns == 0..<32)
    #expect(placed.values.allSatisfy { (0...1).contains($0) } && placed.values.first == 0 && placed.values.last == 1)
  }

  @Test func regionsAreConnectedBySides() {
    let rows = [
      "##....", "#.#.##", "..#.#.", "##....", "#.#...", "###...",
    ]
    let values = rows.flatMap { $0.map { $0 == "#" ? Float(1) : 0 } }
    let size = GridSize(height: 6, width: 6), heatmap = map(values, rows: 6, columns: 6, patch: 1)
    let placed = heatmap.placed(on: facts(width: 6, height: 6, Preprocessing(size: size)), input: size, in: 0...1)
    let regions = placed.regions(above: 0.5)
    #expect(regions.map(\.area) == [7, 3, 3, 2])
    #expect(regions[0].box == [0, 3, 3, 3] && regions.allSatisfy { $0.peak == 1 })
    // Decoding the run lengths column by column, as COCO's tools do, gives the mask again.
    var mask = [Bool](repeating: false, count: 36)
    for region in regions {
      let counts = region.counts(in: size)
      #expect(counts.reduce(0, +) == 36)
      var at = 0
      for (index, count) in counts.enumerated() {
        for place in at..<at + count where index % 2 == 1 { mask[place % 6 * 6 + place / 6] = true }
        at += count
      }
    }
    #expect(mask == placed.mask(above: 0.5))
    #expect(placed.regions(above: 1).isEmpty)
  }
}
