import ZooCheckpoints
import ZooModels

/// The preprocessing settings of a transformers model: `preprocessor_config.json`, or `image_processor` in the `processor_config.json` that
/// transformers 5 writes instead. Missing keys have the defaults of the class; null does not: a switch is then off, and a value is missing.
struct TransformersPreprocessor {
  var imageProcessorType: String?
  /// The name of this key until transformers 4.26.
  var featureExtractorType: String?
  var size: Sides?
  var cropSize: Sides?
  var defaultToSquare: Bool?
  var useSquareSize: Bool?
  var doResize: Bool?
  var doCenterCrop: Bool?
  var doRescale: Bool?
  var doNormalize: Bool?
  var rescaleFactor: Double?
  var resample: Filter?
  var imageMean: ChannelValues?
  var imageStd: ChannelValues?
  /// NaFlex: the side of a patch, and the maximum number of patches.
  var patchSize: Int?
  var maxNumPatches: Int?
  /// The keys whose values are null.
  private(set) var nulls: Set<String> = []

  /// The settings beside a `config.json` and the file that holds them; nil if there are none.
  static func beside(_ path: String) throws(ConvertError) -> (settings: TransformersPreprocessor, file: String)? {
    struct Processor: Decodable { var imageProcessor: TransformersPreprocessor? }
    let folder = splitPath(path).parent
    // transformers uses the same order.
    let processor = joinPath(folder, "processor_config.json")
    if fileExists(processor), let settings = try readJSON(Processor.self, processor).imageProcessor {
      return (settings, processor)
    }
    let preprocessor = joinPath(folder, "preprocessor_config.json")
    guard fileExists(preprocessor) else { return nil }
    return (try readJSON(TransformersPreprocessor.self, preprocessor), preprocessor)
  }

  /// A number, `[height, width]`, or an object with named sides.
  enum Sides: Decodable, Hashable {
    case number(Int)
    case sides(GridSize)
    case shortestEdge(Int)
    /// Named sides that are not supported, such as `longest_edge`.
    case other([String])

    private enum Key: String, CodingKey, CaseIterable {
      case height, width, shortestEdge, longestEdge, maxHeight, maxWidth
    }

    init(from decoder: any Decoder) throws {
      func side(_ size: GridSize) -> Int { size.height }
      if let values = try? decoder.container(keyedBy: Key.self) {
        let names = try Key.allCases.filter { try values.contains($0) && !values.decodeNil(forKey: $0) }
        switch Set(names) {
        case [.height, .width]:
          self = .sides(
            GridSize(
              height: side(try values.decode(GridSize.self, forKey: .height)),
              width: side(try values.decode(GridSize.self, forKey: .width))))
        case [.shortestEdge]: self = .shortestEdge(side(try values.decode(GridSize.self, forKey: .shortestEdge)))
        default: self = .other(names.map(\.rawValue))
        }
      } else {
        let size = try GridSize(from: decoder)
        let isNumber = (try? decoder.singleValueContainer().decode(Int.self)) != nil
        self = isNumber ? .number(size.height) : .sides(size)
      }
    }
  }

  /// Pillow's filter, by number.
  struct Filter: Decodable {
    /// In the order of Pillow's numbers.
    static let all: [Preprocessing.Interpolation] = [.nearest, .lanczos, .bilinear, .bicubic, .box, .hamming]
    let interpolation: Preprocessing.Interpolation

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      func wrong(_ reason: String) -> DecodingError {
        .dataCorruptedError(in: value, debugDescription: reason)
      }
      if let name = try? value.decode(String.self) {
        let number = Self.all.firstIndex { $0.rawValue == name.lowercased() }
        throw wrong(
          "transformers takes any word for bilinear: write Pillow's number"
            + (number.map { " (\($0) for \(name))" } ?? ""))
      }
      let number = try value.decode(Int.self)
      guard Self.all.indices.contains(number) else {
        throw wrong("expected the number of one of Pillow's filters, 0...5")
      }
      interpolation = Self.all[number]
    }
  }
}

extension TransformersPreprocessor: Decodable {
  private enum Key: String, CodingKey, CaseIterable {
    case imageProcessorType, featureExtractorType, size, cropSize, defaultToSquare, useSquareSize, doResize,
      doCenterCrop
    case doRescale, doNormalize, rescaleFactor, resample, imageMean, imageStd, patchSize, maxNumPatches
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func value<Value: Decodable>(_ key: Key) throws -> Value? { try values.decodeIfPresent(Value.self, forKey: key) }
    func flag(_ key: Key) throws -> Bool? { values.contains(key) ? try value(key) ?? false : nil }
    imageProcessorType = try value(.imageProcessorType)
    featureExtractorType = try value(.featureExtractorType)
    size = try value(.size)
    cropSize = try value(.cropSize)
    defaultToSquare = try value(.defaultToSquare)
    useSquareSize = try flag(.useSquareSize)
    doResize = try flag(.doResize)
    doCenterCrop = try flag(.doCenterCrop)
    doRescale = try flag(.doRescale)
    doNormalize = try flag(.doNormalize)
    rescaleFactor = try value(.rescaleFactor)
    resample = try value(.resample)
    imageMean = try value(.imageMean)
    imageStd = try value(.imageStd)
    patchSize = try value(.patchSize)
    maxNumPatches = try value(.maxNumPatches)
    nulls = Set(try Key.allCases.filter { try values.contains($0) && values.decodeNil(forKey: $0) }.map(\.rawValue))
  }
}

/// What an image processor of transformers does when its file does not say.
struct ImageProcessorDefaults {
  var size: TransformersPreprocessor.Sides
  /// Whether a single number means a square, not the shorter side.
  var isSquare: Bool
  var crop: GridSize?
  var interpolation = Preprocessing.Interpolation.bicubic
  var mean: [Float] = [0.5, 0.5, 0.5]
  var std: [Float] = [0.5, 0.5, 0.5]

  /// The same for a model with another picture size: what is larger than the crop stays larger in proportion.
  func scaled(to image: GridSize) -> ImageProcessorDefaults {
    var result = self
    func scaled(_ side: Int, by crop: Int, to wanted: Int) -> Int { (side * wanted + crop / 2) / crop }
    switch size {
    case .shortestEdge(let side):
      result.size = .shortestEdge(scaled(side, by: crop?.height ?? side, to: image.height))
    case .sides(let sides):
      result.size = .sides(
        GridSize(
          height: scaled(sides.height, by: crop?.height ?? sides.height, to: image.height),
          width: scaled(sides.width, by: crop?.width ?? sides.width, to: image.width)))
    case .number, .other: break
    }
    if crop != nil { result.crop = image }
    return result
  }

  static let clip = ImageProcessorDefaults(
    size: .shortestEdge(224), isSquare: false, crop: GridSize(square: 224), mean: Preprocessing.clipMean,
    std: Preprocessing.clipStd)
  static let siglip = ImageProcessorDefaults(size: .sides(GridSize(square: 224)), isSquare: false)
  static let siglip2 = ImageProcessorDefaults(
    size: .sides(GridSize(square: 256)), isSquare: true, interpolation: .bilinear)
  static let vit = ImageProcessorDefaults(
    size: .sides(GridSize(square: 224)), isSquare: true, interpolation: .bilinear)
  static let deit = ImageProcessorDefaults(
    size: .sides(GridSize(square: 256)), isSquare: true, crop: GridSize(square: 224))
  static let tipsv2 = ImageProcessorDefaults(
    size: .sides(GridSize(square: 448)), isSquare: true, interpolation: .bilinear, mean: [0, 0, 0], std: [1, 1, 1])
  static let blip = ImageProcessorDefaults(
    size: .sides(GridSize(square: 384)), isSquare: true, mean: Preprocessing.clipMean, std: Preprocessing.clipStd)

  /// The classes of transformers 5 that only resize, crop, rescale and normalise, by the first word of their names.
  static let known: [(name: String, defaults: ImageProcessorDefaults)] = [
    ("CLIP", clip), ("ChineseCLIP", clip), ("Bit", clip), ("Siglip", siglip), ("Siglip2", siglip2),
    ("ViT", vit), ("DeiT", deit), ("Blip", blip), ("Tipsv2", tipsv2),
  ]

  /// The defaults of `CLIPImageProcessor`, `CLIPImageProcessorFast`, `CLIPFeatureExtractor` and so on.
  static func named(_ type: String) -> ImageProcessorDefaults? {
    known.first { name, _ in
      ["ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"].contains {
        type == name + $0
      }
    }?.defaults
  }
}
