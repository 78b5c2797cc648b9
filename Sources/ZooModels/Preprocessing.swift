/// What happens to a picture before the image tower sees it (open_clip's `preprocess_cfg`).
public struct Preprocessing: Codable, Sendable, Hashable {
  /// The filter of a resize.
  public enum Interpolation: String, Codable, Sendable, Hashable, CaseIterable { case bicubic, bilinear, nearest }

  /// How a picture of any shape becomes one of the model's size.
  public enum ResizeMode: String, Codable, Sendable, Hashable, CaseIterable {
    /// The short side becomes the size, then a centre crop.
    case shortest
    /// Both sides become the size; the aspect ratio is lost.
    case squash
    /// The long side becomes the size, the rest is filled.
    case longest
  }

  /// Height and width in pixels.
  public var size: GridSize
  /// Per channel, of values in 0...1.
  public var mean: [Float]
  public var std: [Float]
  public var interpolation: Interpolation
  public var resizeMode: ResizeMode
  /// The grey level of what `longest` adds.
  public var fillColor: Int

  public init(
    size: GridSize, mean: [Float], std: [Float], interpolation: Interpolation, resizeMode: ResizeMode,
    fillColor: Int = 0
  ) {
    self.size = size
    self.mean = mean
    self.std = std
    self.interpolation = interpolation
    self.resizeMode = resizeMode
    self.fillColor = fillColor
  }
}
