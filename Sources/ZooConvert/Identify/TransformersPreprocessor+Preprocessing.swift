import ZooModels

extension TransformersPreprocessor {
  /// The preprocessing that transformers' Pillow image processor does with these settings.
  ///
  /// - Parameters:
  ///   - image: The picture size of the model, which the result must have; nil for any.
  ///   - defaults: The defaults of the model's own image processor, for a file that does not name one.
  ///   - file: The path of the settings, for messages.
  func preprocessing(
    image: GridSize?, defaults: ImageProcessorDefaults, file: String
  ) throws(ConvertError) -> Preprocessing {
    let defaults = try ownDefaults(file: file) ?? defaults
    let (size, target, mode) = try geometry(defaults, file: file)
    if let image, size != image {
      throw .unusableValue(
        file: file, key: mode == .squash && target == size ? "size" : "crop_size", value: "\(size)",
        remedy: "the model takes pictures of \(image): correct this value, or image_size in config.json")
    }
    let scales = doRescale ?? true, normalises = doNormalize ?? true
    if mode != .keep { try refuseNull("resample", "resample", file) }
    if scales { try refuseNull("rescaleFactor", "rescale_factor", file) }
    if normalises {
      try refuseNull("imageMean", "image_mean", file)
      try refuseNull("imageStd", "image_std", file)
    }
    let factor = scales ? rescaleFactor ?? Preprocessing.unitFactor : 1
    guard factor > 0, factor.isFinite else {
      throw .unusableValue(
        file: file, key: "rescale_factor", value: "\(factor)", remedy: "it must be a number above zero")
    }
    return try checked(
      Preprocessing(
        size: size, resizeSize: target,
        mean: normalises ? imageMean?.values ?? defaults.mean : [0, 0, 0],
        std: normalises ? imageStd?.values ?? defaults.std : [1, 1, 1],
        interpolation: resample?.interpolation ?? defaults.interpolation, resizeMode: mode, rescaleFactor: factor,
        convention: .transformers), file: file)
  }

  /// Rejects a null value, which counts as missing: the reference fails on it.
  private func refuseNull(_ name: String, _ key: String, _ file: String) throws(ConvertError) {
    guard nulls.contains(name) else { return }
    throw .unusableValue(
      file: file, key: key, value: "null", remedy: "state the value, or leave the key out for the default")
  }

  /// Nil if the file does not name its class.
  private func ownDefaults(file: String) throws(ConvertError) -> ImageProcessorDefaults? {
    let key = imageProcessorType == nil ? "feature_extractor_type" : "image_processor_type"
    guard let type = imageProcessorType ?? featureExtractorType else { return nil }
    if let defaults = ImageProcessorDefaults.named(type) { return defaults }
    let names = ImageProcessorDefaults.known.map { "\($0.name)ImageProcessor" }
    throw .unusableValue(
      file: file, key: key, value: "'\(type)'", remedy: "zoo prepares pictures as \(names.joined(separator: ", "))")
  }

  /// The size of the result, the resize target, and the resize mode.
  private func geometry(
    _ defaults: ImageProcessorDefaults, file: String
  ) throws(ConvertError) -> (size: GridSize, target: GridSize?, mode: Preprocessing.ResizeMode) {
    let resizes = doResize ?? true, crops = doCenterCrop ?? (defaults.crop != nil)
    var crop = nulls.contains("cropSize") ? nil : defaults.crop
    switch cropSize {
    case .number(let side): crop = GridSize(square: side)
    case .sides(let size): crop = size
    case .shortestEdge, .other:
      if crops { throw unusable("crop_size", file, remedy: "it needs a height and a width") }
    case nil: break
    }
    if crops, crop == nil { throw unusable("do_center_crop", file, remedy: "it needs a crop_size") }
    guard resizes else {
      guard crops, let crop else {
        throw .unusableValue(
          file: file, key: "do_resize", value: "false",
          remedy: "without a crop only pictures of one size would fit: set do_resize or do_center_crop to true")
      }
      return (crop, nil, .keep)
    }
    try refuseNull("size", "size", file)
    switch try resizeRule(defaults, file: file) {
    case .shortestEdge(let side):
      guard crops, let crop else {
        throw .unusableValue(
          file: file, key: "do_center_crop", value: "false",
          remedy: "with a size of one side only square pictures would fit: set it to true, or give size a height and "
            + "a width")
      }
      return (crop, GridSize(square: side), .shortest)
    case .sides(let size): return (crops ? crop ?? size : size, size, .squash)
    case .number, .other:
      throw unusable("size", file, remedy: "zoo resizes to a height and a width, or to a shortest_edge")
    }
  }

  /// The size; a single number is interpreted as in the class.
  private func resizeRule(_ defaults: ImageProcessorDefaults, file: String) throws(ConvertError) -> Sides {
    if useSquareSize == true {
      throw .unusableValue(
        file: file, key: "use_square_size", value: "true", remedy: "give size a height and a width in its place")
    }
    guard case .number(let side)? = size else { return size ?? defaults.size }
    return defaultToSquare ?? defaults.isSquare ? .sides(GridSize(square: side)) : .shortestEdge(side)
  }

  private func unusable(_ key: String, _ file: String, remedy: String) -> ConvertError {
    let value: String
    switch key == "size" ? size : cropSize {
    case .other(let names): value = "{\(names.map(snakeCase).joined(separator: ", "))}"
    case .shortestEdge(let side): value = "{shortest_edge: \(side)}"
    case .number(let side): value = "\(side)"
    case .sides(let size): value = "\(size)"
    case nil: value = "true"
    }
    return .unusableValue(file: file, key: key, value: value, remedy: remedy)
  }
}
