import ZooImages

/// A colour bar with labelled ends.
struct LegendLayout {
  static let width = 224.0
  private static var bar: (width: Int, height: Int) { Sheet.Legend.barSize }
  private static let label = LaidText.Style(size: 11.5), note = LaidText.Style(size: 11.5, lines: 2)

  private(set) var items: [PageItem] = []
  private(set) var bottom: Double

  init(_ legend: Sheet.Legend, theme: Sheet.Theme, x: Double, y: Double) throws(DrawingError) {
    items.append(
      .picture(
        legend.bar, Box(x: x, y: y, width: Double(Self.bar.width), height: Double(Self.bar.height))))
    bottom = y + Double(Self.bar.height) + 2
    let low = try LaidText(legend.low, Self.label, width: Self.width / 2)
    let high = try LaidText(legend.high, Self.label, width: Self.width / 2)
    items.append(.text(low, x: x, y: bottom, color: theme.ink))
    items.append(.text(high, x: x + Self.width - high.width, y: bottom, color: theme.ink))
    bottom += max(low.height, high.height) + 1
    if legend.note.isEmpty { return }
    let note = try LaidText(legend.note, Self.note, width: Self.width)
    items.append(.text(note, x: x, y: bottom, color: theme.quiet))
    bottom += note.height
  }
}

extension Sheet.Legend {
  static let barSize = (width: 224, height: 18)

  /// The colours as they appear over bright (top) to dark pictures.
  package var bar: Picture {
    let (width, height) = Self.barSize
    let ramp = (0..<width).map { Float($0) / Float(width - 1) }
    var heat: [Float] = [], ground: [UInt8] = []
    for row in 0..<height {
      heat += ramp
      ground += [UInt8](repeating: UInt8(255 * (height - 1 - row) / (height - 1)), count: width * 3)
    }
    return overlay(
      heat, on: Picture(width: width, height: height, pixels: ground), colorMap: colors, alpha: alpha)
  }
}
