import ZooTensors

/// Why a picture file cannot be read or written.
public enum PictureError: ZooError, Equatable {
  /// The file cannot be read; `reason` is the system's.
  case unreadable(name: String, reason: String)
  /// Its first bytes match no supported format.
  case unknownFormat(name: String)
  /// The format of the picture is not supported.
  case unsupportedFormat(name: String, format: PictureFormat)
  /// The format is supported, but not this variant of it.
  case unsupported(name: String, format: String, detail: String)
  /// The file violates its format; `detail` is the decoder's message.
  case damaged(name: String, format: String, detail: String)
  /// It declares more pixels than `limit`.
  case tooLarge(name: String, width: Int, height: Int, limit: Int)
  /// The picture cannot be written; `reason` is the system's.
  case unwritable(name: String, reason: String)

  public var blame: Blame {
    if case .unwritable = self { .work } else { .input }
  }

  public var description: String {
    switch self {
    case .unreadable(let name, let reason): "\(name) cannot be read: \(reason)"
    case .unknownFormat(let name): "\(name) is not a picture: zoo reads \(Self.formats)"
    case .unsupportedFormat(let name, let format):
      "\(name) is \(Self.a(format.rawValue)) picture, which this zoo does not read: it reads \(Self.formats)"
    case .unsupported(let name, let format, let detail):
      "\(name) is an unsupported kind of \(format): \(detail)"
    case .damaged(let name, let format, let detail): "\(name) is a damaged \(format): \(detail)"
    case .tooLarge(let name, let width, let height, let limit):
      "\(name) declares \(width) x \(height) pixels; at most \(limit) are decoded"
    case .unwritable(let name, let reason): "\(name) cannot be written: \(reason)"
    }
  }

  /// With its article, as the name is pronounced.
  private static func a(_ format: String) -> String { (["AVIF", "HEIC"].contains(format) ? "an " : "a ") + format }

  private static var formats: String {
    let names = PictureFormat.allCases.filter(\.isRead).map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }
}
