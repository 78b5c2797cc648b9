import ZooModels

/// How timm describes resizing and cropping: the side of the crop as a fraction of the resize target, and the mode.
struct TimmCrop {
  let fraction: Double
  let mode: String

  /// Nil if timm cannot express it.
  init?(_ preprocessing: Preprocessing) {
    guard preprocessing.rescaleFactor == Preprocessing.unitFactor else { return nil }
    switch preprocessing.resizeMode {
    case .shortest: mode = "center"
    case .squash: mode = "squash"
    case .longest:
      let fill = preprocessing.mean.map { Int((255 * Double($0)).rounded(.toNearestOrEven)) }
      guard fill.allSatisfy({ $0 == preprocessing.fill }) else { return nil }
      mode = "border"
    case .keep: return nil
    }
    let size = preprocessing.size, target = preprocessing.resizeSize ?? size
    let exact = Double(size.height) / Double(target.height)
    // timm rounds the quotient down: the simplest fraction that gives the same sides.
    let shares = [(exact * 1000).rounded() / 1000, exact, exact.nextDown, exact * (1 - 1e-9)]
    let share = shares.first { share in
      share > 0 && Int(Double(size.height) / share) == target.height && Int(Double(size.width) / share) == target.width
    }
    guard let share else { return nil }
    fraction = share
  }
}
