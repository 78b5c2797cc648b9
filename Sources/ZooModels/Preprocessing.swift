/// How a picture becomes the numbers that a vision tower takes: open_clip's evaluation transform as data.
///
/// Read by `manifestDecoder`, its JSON has open_clip's names (`preprocess_cfg`): `size` ([height, width] or one number), `mean`, `std`,
/// `interpolation`, `resize_mode`, `fill_color`. What is missing there has open_clip's default.
public struct Preprocessing: Codable, Sendable, Hashable {
  /// A height and a width in pixels.
  public typealias Size = GridSize

  /// The filter of the resize, under the name that Pillow gives it.
  public enum Interpolation: String, Codable, Sendable, Hashable, CaseIterable {
    case nearest, box, bilinear, hamming, bicubic, lanczos
  }

  /// How a picture of another shape is made to fit.
  public enum ResizeMode: String, Codable, Sendable, Hashable, CaseIterable {
    /// The shorter side gets the size, the middle is cut out.
    case shortest
    /// Both sides get the size; the proportions change.
    case squash
    /// The longer side gets the size, the rest is filled up.
    case longest
  }

  public var size: Size
  /// Per channel (red, green, blue), in units of 0...1.
  public var mean: [Float]
  /// Per channel (red, green, blue), in units of 0...1.
  public var std: [Float]
  public var interpolation: Interpolation
  public var resizeMode: ResizeMode
  /// The value of the channels where `longest` fills up, in the picture's own mode.
  public var fill: Int

  public init(
    size: Size, mean: [Float] = Self.clipMean, std: [Float] = Self.clipStd, interpolation: Interpolation = .bicubic,
    resizeMode: ResizeMode = .shortest, fill: Int = 0
  ) {
    self.size = size
    self.mean = mean
    self.std = std
    self.interpolation = interpolation
    self.resizeMode = resizeMode
    self.fill = fill
  }

  /// OpenAI's CLIP constants, open_clip's default.
  public static let clipMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
  public static let clipStd: [Float] = [0.26862954, 0.26130258, 0.27577711]

  private enum CodingKeys: String, CodingKey {
    case size, mean, std, interpolation
    case resizeMode
    case fill = "fillColor"  // `fill_color` in files, by the decoder's snake case
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func perChannel(_ key: CodingKeys, _ standard: [Float]) throws -> [Float] {
      guard values.contains(key) else { return standard }
      if let one = try? values.decode(Float.self, forKey: key) { return [one, one, one] }
      let list = try values.decode([Float].self, forKey: key)
      guard list.count == 3, list.allSatisfy(\.isFinite) else {
        throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "expected three numbers")
      }
      return list
    }
    // open_clip also has "random", for training; it evaluates with bicubic then.
    let filter = try values.decodeIfPresent(String.self, forKey: .interpolation) ?? "bicubic"
    guard let interpolation = filter == "random" ? .bicubic : Interpolation(rawValue: filter) else {
      throw DecodingError.dataCorruptedError(
        forKey: .interpolation, in: values, debugDescription: "'\(filter)' is not an interpolation that is known here")
    }
    self.init(
      size: try values.decode(Size.self, forKey: .size), mean: try perChannel(.mean, Self.clipMean),
      std: try perChannel(.std, Self.clipStd), interpolation: interpolation,
      resizeMode: try values.decodeIfPresent(ResizeMode.self, forKey: .resizeMode) ?? .shortest,
      fill: try values.decodeIfPresent(Int.self, forKey: .fill) ?? 0)
    guard std.allSatisfy({ $0 > 0 }) else {
      throw DecodingError.dataCorruptedError(forKey: .std, in: values, debugDescription: "expected numbers above zero")
    }
    guard (0...255).contains(fill) else {
      throw DecodingError.dataCorruptedError(forKey: .fill, in: values, debugDescription: "expected 0...255")
    }
  }
}
