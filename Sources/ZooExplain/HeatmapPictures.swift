import ZooImages
import ZooModels

extension Heatmap {
  /// The map in colours over what the model saw, as drawn by LeGrad's own code. Throws an `ExplainError` if the picture is smaller than the map.
  ///
  /// - Parameters:
  ///   - picture: `Explanation.picture`. Pixels at its right and bottom that patches do not cover are cropped.
  ///   - alpha: The opacity of the heat map, from 0 to 1.
  ///   - range: The values that get the coldest and the hottest colour; those of this map by default.
  public func overlay(
    on picture: Picture, colors: ColorMap = .jet, alpha: Double = 0.6, in range: ClosedRange<Float>? = nil
  ) throws -> Picture {
    let size = pictureSize
    guard picture.height >= size.height, picture.width >= size.width else {
      throw ExplainError.smallPicture(GridSize(height: picture.height, width: picture.width), map: size)
    }
    let covered = picture.cropped(rows: 0..<size.height, columns: 0..<size.width)
    return ZooImages.overlay(pixels(in: range ?? self.range), on: covered, colorMap: colors, alpha: alpha)
  }

  /// The map in colours alone, with size `pictureSize`.
  public func colored(_ colors: ColorMap = .jet, in range: ClosedRange<Float>? = nil) -> Picture {
    ZooImages.colored(
      pixels(in: range ?? self.range), height: pictureSize.height, width: pictureSize.width, colorMap: colors)
  }

  /// The map in colours, more transparent the colder it is, in RGBA, for a view to draw over a picture. Its size is `pictureSize`.
  public func transparent(_ colors: ColorMap = .jet, in range: ClosedRange<Float>? = nil) -> Picture {
    ZooImages.transparent(
      pixels(in: range ?? self.range), height: pictureSize.height, width: pictureSize.width, colorMap: colors)
  }
}

extension Explanation {
  /// The map of a prompt in colours over the whole picture that was explained; pixels that the model did not see are not changed.
  ///
  /// Throws an `ExplainError` if there is no such prompt, or if the size of the picture differs from the one that was explained.
  ///
  /// - Parameters:
  ///   - prompt: Its index in `prompts`.
  ///   - picture: The picture that was explained.
  ///   - alpha: The opacity of the heat map, from 0 to 1.
  public func overlay(
    ofPrompt prompt: Int, on picture: Picture, colors: ColorMap = .jet, alpha: Double = 0.6
  ) throws -> Picture {
    guard prompts.indices.contains(prompt) else { throw ExplainError.noSuchPrompt(prompt, count: prompts.count) }
    let found = GridSize(height: picture.height, width: picture.width)
    guard let source, let input, source.height == found.height, source.width == found.width else {
      throw ExplainError.otherPicture(found)
    }
    let map = prompts[prompt].heatmap, placed = map.placed(on: source, input: input, in: map.range)
    guard !placed.values.isEmpty else { return picture.convertedToRGB() }
    let part = ZooImages.overlay(
      placed.values, on: picture.cropped(rows: placed.rows, columns: placed.columns), colorMap: colors, alpha: alpha)
    return picture.replacing(rows: placed.rows, columns: placed.columns, with: part)
  }
}
