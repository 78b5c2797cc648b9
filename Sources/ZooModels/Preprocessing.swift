/// How a picture becomes the input of a vision tower: open_clip's evaluation transform, or an image processor of transformers, as data.
///
/// When read by `manifestDecoder`, its JSON uses open_clip's names (`preprocess_cfg`): `size` ([height, width] or one number), `mean`, `std`,
/// `interpolation`, `resize_mode`, `fill_color`, and in addition `resize_size`, `rescale_factor`, `convention` and `naflex`. Missing keys have
/// open_clip's defaults.
public struct Preprocessing: Codable, Sendable, Hashable {
  /// A height and a width in pixels.
  public typealias Size = GridSize

  /// The resize filter, under its Pillow name.
  public enum Interpolation: String, Codable, Sendable, Hashable, CaseIterable {
    /// The nearest pixel.
    case nearest
    /// The mean of the covered pixels.
    case box
    /// A triangle.
    case bilinear
    /// A Hamming window.
    case hamming
    /// A cubic with a = -0.5.
    case bicubic
    /// A Lanczos window of three lobes.
    case lanczos
  }

  /// How a picture with a different aspect ratio is made to fit.
  public enum ResizeMode: String, Codable, Sendable, Hashable, CaseIterable {
    /// The shorter side is resized to the target size and the centre is cropped.
    case shortest
    /// Both sides are resized to the target size; the aspect ratio changes.
    case squash
    /// The longer side is resized to the target size and the rest is padded.
    case longest
    /// The picture keeps its size; the centre is cropped, or missing pixels are padded.
    case keep
  }

  /// Whose arithmetic turns a picture into numbers, as ecosystems differ by a pixel or a bit.
  public enum Convention: String, Codable, Sendable, Hashable {
    /// open_clip (torchvision): resized in the picture's own mode, alpha dropped; crop offsets round half to even.
    case openCLIP = "open_clip"
    /// timm (torchvision): RGB first, alpha dropped; crop offsets round half to even.
    case timm
    /// The Pillow image processors of transformers: RGB first, alpha blended over white; crop offsets round down; pixels are scaled in double
    /// precision.
    case transformers
  }

  /// The input size of the model: the size of the crop.
  public var size: Size
  /// The target of the resize if it is not `size`: both sides, or for `shortest` a square with the shorter side.
  public var resizeSize: Size?
  /// Per channel (red, green, blue), in units of 0...1.
  public var mean: [Float]
  /// Per channel (red, green, blue), in units of 0...1.
  public var std: [Float]
  /// The resize filter.
  public var interpolation: Interpolation
  /// How pictures with a different aspect ratio are made to fit.
  public var resizeMode: ResizeMode
  /// The channel value of the padding for `longest`, in the picture's own mode.
  public var fill: Int
  /// The factor for a channel's value, 0...255, before mean and standard deviation are applied.
  public var rescaleFactor: Double
  /// The ecosystem whose arithmetic is followed.
  public var convention: Convention
  /// If set, each picture has a size of its own, and `size` and `resizeMode` describe a fixed size instead.
  package var naflex: NaFlex?

  package init(
    size: Size, resizeSize: Size? = nil, mean: [Float] = Self.clipMean, std: [Float] = Self.clipStd,
    interpolation: Interpolation = .bicubic, resizeMode: ResizeMode = .shortest, fill: Int = 0,
    rescaleFactor: Double = Self.unitFactor, convention: Convention = .openCLIP, naflex: NaFlex? = nil
  ) {
    self.size = size
    self.resizeSize = resizeSize == size ? nil : resizeSize
    self.mean = mean
    self.std = std
    self.interpolation = interpolation
    self.resizeMode = resizeMode
    self.fill = fill
    self.rescaleFactor = rescaleFactor
    self.convention = convention
    self.naflex = naflex
  }

  /// Sets a fixed size; the target of the resize is scaled in proportion.
  public mutating func scale(to size: Size) {
    naflex = nil
    func scaled(_ side: Int, _ old: Int, _ new: Int) -> Int {
      max(1, Int((Double(side) * Double(new) / Double(old)).rounded()))
    }
    if let target = resizeSize {
      let height = scaled(target.height, self.size.height, size.height)
      let width = scaled(target.width, self.size.width, size.width)
      // The shorter side of `shortest` is a single number.
      let isShorterSide = resizeMode == .shortest && target.height == target.width
      resizeSize = isShorterSide ? Size(square: min(height, width)) : Size(height: height, width: width)
    }
    self.size = size
  }

  /// OpenAI's CLIP mean of red, green and blue, open_clip's default.
  public static let clipMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
  /// OpenAI's CLIP standard deviation of red, green and blue.
  public static let clipStd: [Float] = [0.26862954, 0.26130258, 0.27577711]

  /// Scales 0...255 to 0...1.
  public static let unitFactor = 1.0 / 255

  private enum CodingKeys: String, CodingKey {
    case size, mean, std, interpolation, convention, naflex
    case resizeSize, resizeMode, rescaleFactor
    case fill = "fillColor"  // `fill_color` in files, by the decoder's snake case
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func perChannel(_ key: CodingKeys, _ standard: [Float]) throws -> [Float] {
      guard values.contains(key) else { return standard }
      // The list first: throwing an error is slow.
      let several = try? values.decode([Float].self, forKey: key)
      if several == nil, let one = try? values.decode(Float.self, forKey: key) { return [one, one, one] }
      let list = try several ?? values.decode([Float].self, forKey: key)
      guard list.count == 3, list.allSatisfy(\.isFinite) else {
        throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "expected three numbers")
      }
      return list
    }
    // open_clip also has "random", for training; it then evaluates with bicubic.
    let filter = try values.decodeIfPresent(String.self, forKey: .interpolation) ?? "bicubic"
    guard let interpolation = filter == "random" ? .bicubic : Interpolation(rawValue: filter) else {
      throw DecodingError.dataCorruptedError(
        forKey: .interpolation, in: values, debugDescription: "'\(filter)' is not an interpolation that is known here")
    }
    self.init(
      size: try values.decode(Size.self, forKey: .size),
      resizeSize: try values.decodeIfPresent(Size.self, forKey: .resizeSize),
      mean: try perChannel(.mean, Self.clipMean),
      std: try perChannel(.std, Self.clipStd), interpolation: interpolation,
      resizeMode: try values.decodeIfPresent(ResizeMode.self, forKey: .resizeMode) ?? .shortest,
      fill: try values.decodeIfPresent(Int.self, forKey: .fill) ?? 0,
      rescaleFactor: try values.decodeIfPresent(Double.self, forKey: .rescaleFactor) ?? Self.unitFactor,
      convention: try values.decodeIfPresent(Convention.self, forKey: .convention) ?? .openCLIP,
      naflex: try values.decodeIfPresent(NaFlex.self, forKey: .naflex))
    guard std.allSatisfy({ $0 > 0 }) else {
      throw DecodingError.dataCorruptedError(forKey: .std, in: values, debugDescription: "expected numbers above zero")
    }
    guard (0...255).contains(fill) else {
      throw DecodingError.dataCorruptedError(forKey: .fill, in: values, debugDescription: "expected 0...255")
    }
    guard rescaleFactor > 0, rescaleFactor.isFinite else {
      throw DecodingError.dataCorruptedError(
        forKey: .rescaleFactor, in: values, debugDescription: "expected a number above zero")
    }
  }

  /// Keys that open_clip does not have are written only if they matter.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(size, forKey: .size)
    try values.encodeIfPresent(resizeSize, forKey: .resizeSize)
    try values.encode(mean, forKey: .mean)
    try values.encode(std, forKey: .std)
    try values.encode(interpolation, forKey: .interpolation)
    try values.encode(resizeMode, forKey: .resizeMode)
    try values.encode(fill, forKey: .fill)
    if rescaleFactor != Self.unitFactor { try values.encode(rescaleFactor, forKey: .rescaleFactor) }
    try values.encodeIfPresent(naflex, forKey: .naflex)
    if convention != .openCLIP { try values.encode(convention, forKey: .convention) }
  }
}
