import ZooExplain
import ZooImages

/// OpenImages' labelled points (LeGrad's table 2): for each class with a point on it in a picture, the map at 0.5 against all of
/// the class's points there.
public struct PointsProtocol: EvaluationProtocol {
  public static let name = "points"
  public static let columns = ["true_positives", "false_positives", "false_negatives", "pair_iou"]
  public static let figures = [Figure("p-mIoU"), Figure("p-mIoU over pairs")]

  /// The first adds up each label's points over the set and takes the mean over labels; the second is the mean over pairs of picture and
  /// label. Which one the paper has is not stated.
  public static func figures(of sums: [ClassSum]) -> [Double] {
    let seen = sums.filter { $0.rows > 0 }, total = seen.total
    let labels = seen.map { ratio($0.values[0], $0.values[0] + $0.values[1] + $0.values[2]) }
    return [ratio(labels.reduce(0, +), Double(labels.count)), seen.isEmpty ? 0 : ratio(total.values[3], total.rows)]
  }

  public static let meritName = "IoU of the points"
  public static func merit(of row: [Double]) -> Double? { row[3] }

  public let data: PointedPictures
  public var threshold: Float

  public init(_ data: PointedPictures, threshold: Float = 0.5) { (self.data, self.threshold) = (data, threshold) }

  public var classes: [String] { data.classes }
  public var samples: [String] { data.pictures.map(\.id) }
  public var choices: [Choice] {
    [
      Choice("threshold", "\(threshold)"), Choice("IoU", "of the foreground alone"),
      Choice("pairs", "picture and class with a point on the class"), Choice("unsure points", "dropped"),
    ]
  }

  public struct Sample: Sendable {
    let picture: LoadedPicture
    let questions: [PointedPictures.Question]
  }

  public func load(_ index: Int, by loader: PictureLoader) throws -> Sample {
    let entry = data.pictures[index]
    return Sample(picture: try loader.load(path: entry.file), questions: entry.questions)
  }

  public func measure(_ samples: [Sample], at desk: EvaluationDesk) throws -> [[[MeasuredRow]]] {
    try desk.rows(samples.map(\.picture.input.tensor), of: samples.map { $0.questions.map(\.label) }) { place, maps in
      let sample = samples[place]
      return zip(sample.questions, maps).map { question, heatmap in
        let size = heatmap.pictureSize
        let counts = PointCounts(
          map: minMax(heatmap.picture()), height: size.height, width: size.width,
          points: question.points.compactMap { sample.picture.source.place($0, in: size) }, threshold: threshold)
        return MeasuredRow(
          label: question.label,
          values: [
            Double(counts.truePositives), Double(counts.falsePositives), Double(counts.falseNegatives), counts.iou,
          ])
      }
    }
  }

  public func shown(_ sample: Sample, at desk: EvaluationDesk) throws -> ShownSample {
    ShownSample(
      picture: sample.picture.input,
      questions: sample.questions.map {
        ShownSample.Question(label: $0.label, asked: $0.label, truth: .points(sample.picture.source, $0.points))
      })
  }
}
