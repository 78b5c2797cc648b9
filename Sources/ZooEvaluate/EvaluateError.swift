import ZooTensors

/// Why something cannot be measured.
public enum EvaluateError: ZooError, Equatable {
  case unreadable(file: String, reason: String)
  case noScenes(file: String, minObjects: Int)
  case badLabel(Int, object: String, scene: String, file: String)
  case notAMask(file: String, mode: String)
  case maskSize(file: String, expected: String, found: String)
  case templateWithoutPlace(String)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .noScenes(let file, let minObjects): "\(file) has no scene with \(minObjects) or more objects"
    case .badLabel(let label, let object, let scene, let file):
      "\(file): '\(object)' of scene \(scene) has label \(label); labels are 1 to 255"
    case .notAMask(let file, let mode):
      "\(file) has pixels of mode \(mode); a mask has 8-bit labels, grey or with a palette"
    case .maskSize(let file, let expected, let found): "\(file) is \(found) pixels, its picture is \(expected)"
    case .templateWithoutPlace(let template): "'\(template)' has no {} where the name goes"
    }
  }
}
