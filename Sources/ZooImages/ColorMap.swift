import Foundation

/// Maps heat to colours. Without a prefix: OpenCV's table.
public enum ColorMap: String, Sendable, Hashable, CaseIterable {
  /// OpenCV's jet, as in LeGrad's figures.
  case jet
  /// OpenCV's turbo.
  case turbo
  /// OpenCV's viridis.
  case viridis
  /// OpenCV's inferno.
  case inferno
  /// OpenCV's magma.
  case magma
  /// OpenCV's plasma.
  case plasma
  /// OpenCV's hot.
  case hot
  /// OpenCV's bone.
  case bone
  /// matplotlib's jet.
  case matplotlibJet = "matplotlib-jet"
  /// matplotlib's turbo.
  case matplotlibTurbo = "matplotlib-turbo"
  /// matplotlib's viridis.
  case matplotlibViridis = "matplotlib-viridis"
  /// matplotlib's inferno.
  case matplotlibInferno = "matplotlib-inferno"

  /// 256 RGB entries, from cold to hot.
  public var colors: [UInt8] { Self.tables[self] ?? [] }

  private static let tables = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.makeColors()) })

  private func makeColors() -> [UInt8] {
    switch self {
    case .jet: Self.openCVJet
    case .turbo: decoded(ColorTables.turbo)
    case .viridis: decoded(ColorTables.viridis)
    case .inferno: decoded(ColorTables.inferno)
    case .magma: decoded(ColorTables.magma)
    case .plasma: decoded(ColorTables.plasma)
    case .hot: decoded(ColorTables.hot)
    case .bone: decoded(ColorTables.bone)
    case .matplotlibJet: Self.cutJet
    case .matplotlibTurbo: cutOff(ColorTables.turbo, ColorTables.turboRounding)
    case .matplotlibViridis: cutOff(ColorTables.viridis, ColorTables.viridisRounding)
    case .matplotlibInferno: cutOff(ColorTables.inferno, ColorTables.infernoRounding)
    }
  }

  private func decoded(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }

  private func cutOff(_ table: String, _ rounding: String) -> [UInt8] {
    let bits = decoded(rounding)
    return decoded(table).enumerated().map { $1 - (bits[$0 / 8] >> (7 - $0 % 8) & 1) }
  }

  /// Each channel is a trapezoid over the 256 levels, centred at 191 (red), 127.5 (green) and 64 (blue).
  private static let openCVJet: [UInt8] = {
    var colors: [UInt8] = []
    for level in 0..<256 {
      for middle: Double in [765, 510, 255] {
        let value = 382.5 - abs(4 * Double(level) - middle)
        colors.append(UInt8(min(max(value, 0), 255).rounded(.toNearestOrEven)))
      }
    }
    colors[159 * 3 + 2] = 1  // OpenCV's only deviation
    return colors
  }()

  /// matplotlib's jet: straight lines between these points (level in 0...1, value in 0...1).
  private static let cutJet: [UInt8] = {
    let channels: [[(Double, Double)]] = [
      [(0, 0), (0.35, 0), (0.66, 1), (0.89, 1), (1, 0.5)],
      [(0, 0), (0.125, 0), (0.375, 1), (0.64, 1), (0.91, 0), (1, 0)],
      [(0, 0.5), (0.11, 1), (0.34, 1), (0.65, 0), (1, 0)],
    ]
    func value(_ points: [(Double, Double)], at level: Double) -> Double {
      let next = max(points.firstIndex { $0.0 >= level } ?? points.count - 1, 1)
      let (left, right) = (points[next - 1], points[next])
      return (right.1 - left.1) / (right.0 - left.0) * (level - left.0) + left.1
    }
    return (0..<256).flatMap { level in
      channels.map { UInt8(255 * value($0, at: Double(level) / 255)) }
    }
  }()
}
