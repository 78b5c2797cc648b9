import ZooModels

/// timm's words for how a picture is resized and cropped: the side of the crop as a share of what the resize aims at, and the mode.
struct TimmCrop {
  let fraction: Double
  let mode: String

  /// Nil where timm has no words for it.
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
    // timm rounds the quotient down: the plainest share that leads to the same sides.
    let shares = [(exact * 1000).rounded() / 1000, exact, exact.nextDown, exact * (1 - 1e-9)]
    let share = shares.first { share in
      share > 0 && Int(Double(size.height) / share) == target.height && Int(Double(size.width) / share) == target.width
    }
    guard let share else { return nil }
    fraction = share
  }
}
