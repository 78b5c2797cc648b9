import Foundation
import ZooImages
import ZooModels

/// Pictures with named objects and a mask of labels for each.
public struct MaskedPictures: Sendable {
  /// Names of all classes; objects refer to them by index.
  public let classes: [String]
  /// In a stable order.
  public let pictures: [Entry]

  /// A picture, its mask, and the objects in the mask.
  public struct Entry: Sendable {
    /// The name of the sample in rows and reports.
    public let id: String
    let source: Source
    /// The objects that are measured in this picture.
    public let things: [Thing]
    /// The label of pixels to ignore; nil for none.
    public var ignored: Int?

    init(id: String, source: Source, things: [Thing], ignored: Int? = nil) {
      (self.id, self.source, self.things, self.ignored) = (id, source, things, ignored)
    }

    /// Creates an entry from the paths of a picture and its mask, which have the same size.
    public init(id: String, file: String, mask: String, things: [Thing], ignored: Int? = nil) {
      self.init(id: id, source: .files(picture: file, mask: mask), things: things, ignored: ignored)
    }
  }

  /// The location of a picture and its mask: they have the same size, and the mask's pixels are labels, 0 for the background.
  enum Source: Sendable {
    case files(picture: String, mask: String)
    case mat(SegmentationMAT, Int)
  }

  /// An object in a mask.
  public struct Thing: Sendable, Hashable {
    /// The index of its class in `classes`.
    public let label: Int
    /// Its pixels in the mask.
    public let pixels: Pixels
  }

  /// The pixels of a mask that belong to an object.
  public enum Pixels: Sendable, Hashable {
    /// Pixels with this label.
    case value(Int)
    /// All pixels except the background.
    case all
  }

  /// Creates a data set of pictures, in the order in which they are measured.
  public init(classes: [String], pictures: [Entry]) { (self.classes, self.pictures) = (classes, pictures) }

  /// A picture as input for the model, with its labels turned, resized and cropped alike.
  package struct Loaded: Sendable {
    let input: PreprocessedPicture
    let labels: Picture
    let things: [Thing]
    let ignored: Int?

    var picture: PixelTensor { input.tensor }
  }

  func load(_ index: Int, by loader: PictureLoader) throws -> Loaded {
    let entry = pictures[index]
    let picture: LoadedPicture, labels: Picture
    switch entry.source {
    case .files(let file, let mask):
      picture = try loader.load(path: file)
      labels = try LabelPicture(file: mask, of: picture.source, loader).image
    case .mat(let file, let index):
      picture = loader.load(try file.picture(index))
      labels = try LabelPicture(file.mask(index), name: "\(file.path), mask \(index)", of: picture.source, loader).image
    }
    return Loaded(input: picture.input, labels: labels, things: entry.things, ignored: entry.ignored)
  }
}

extension MaskedPictures.Loaded {
  /// - Parameter asked: Objects, each with the class whose map is drawn for it.
  func shown(_ asked: [(thing: MaskedPictures.Thing, label: Int)]) -> ShownSample {
    ShownSample(
      picture: input,
      questions: asked.map {
        ShownSample.Question(label: $0.thing.label, asked: $0.label, truth: .mask(self, $0.thing))
      })
  }

  /// Where an object is, in the part of the input that the patches cover.
  func mask(of thing: MaskedPictures.Thing, size: GridSize) -> Mask {
    var values = [Int8](repeating: 0, count: size.count)
    for row in 0..<size.height {
      for column in 0..<size.width {
        let label = Int(labels.pixels[row * labels.width + column])
        if label == ignored {
          values[row * size.width + column] = -1
        } else if label != 0, thing.pixels == .all || thing.pixels == .value(label) {
          values[row * size.width + column] = 1
        }
      }
    }
    return Mask(height: size.height, width: size.width, values: values)
  }
}

extension MaskedPictures {
  /// The scenes of a folder with `scenes.json`, except those with fewer objects.
  public init(_ folder: SceneFolder, minObjects: Int) {
    let scenes = folder.scenes.filter { $0.objects.count >= max(1, minObjects) }
    let classes = Array(Set(scenes.flatMap { $0.objects.map(\.name) })).sorted()
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    self.init(
      classes: classes,
      pictures: scenes.map { scene in
        Entry(
          id: scene.id, file: scene.image.path(percentEncoded: false), mask: scene.mask.path(percentEncoded: false),
          things: scene.objects.map { Thing(label: places[$0.name] ?? 0, pixels: .value($0.label)) })
      })
  }
}
