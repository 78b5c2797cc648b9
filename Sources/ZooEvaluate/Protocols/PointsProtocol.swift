import ZooExplain
import ZooImages

/// OpenImages' labelled points (LeGrad's table 2): for each class with a point on it in a picture, the map at 0.5 against all points of the class in
/// that picture.
public struct PointsProtocol: EvaluationProtocol {
  package static let name = "points"
  package static let columns = ["true_positives", "false_positives", "false_negatives", "pair_iou"]
  package static let figures = [Figure("p-mIoU"), Figure("p-mIoU over pairs")]

  /// The first adds up each label's points over the set and takes the mean over labels; the second is the mean over pairs of picture and label. The
  /// paper does not state which one it reports.
  package static func figures(of sums: [ClassSum]) -> [Double] {
    let seen = sums.filter { $0.rows > 0 }, total = seen.total
    let labels = seen.map { ratio($0.values[0], $0.values[0] + $0.values[1] + $0.values[2]) }
    return [ratio(labels.reduce(0, +), Double(labels.count)), seen.isEmpty ? 0 : ratio(total.values[3], total.rows)]
  }

  package static let meritName = "IoU of the points"
  package static func merit(of row: [Double]) -> Double? { row[3] }

  /// The data set.
  public let data: PointedPictures
  /// A pixel counts as found if its value is above this, 0 to 1.
  public var threshold: Float

  /// Measures on this data set.
  public init(_ data: PointedPictures, threshold: Float = 0.5) { (self.data, self.threshold) = (data, threshold) }

  package var classes: [String] { data.classes }
  package var samples: [String] { data.pictures.map(\.id) }
  package var choices: [Choice] {
    [
      Choice("threshold", "\(threshold)"), Choice("IoU", "of the foreground alone"),
      Choice("pairs", "picture and class with a point on the class"), Choice("unsure points", "dropped"),
    ]
  }

  package struct Sample: Sendable {
    let picture: LoadedPicture
    let questions: [PointedPictures.Question]
  }

  package func load(_ index: Int, by loader: PictureLoader) throws -> Sample {
    let entry = data.pictures[index]
    return Sample(picture: try loader.load(path: entry.file), questions: entry.questions)
  }

  package func measure(_ samples: [Sample], at desk: EvaluationDesk) throws -> [[[MeasuredRow]]] {
    try desk.rows(samples.map(\.picture.input.tensor), of: samples.map { $0.questions.map(\.label) }) { place, maps in
      let sample = samples[place]
      return zip(sample.questions, maps).map { question, heatmap in
        let size = heatmap.pictureSize
        let counts = PointCounts(
          map: minMax(heatmap.pixels()), height: size.height, width: size.width,
          points: question.points.compactMap { sample.picture.source.place($0, in: size) }, threshold: threshold)
        return MeasuredRow(
          label: question.label,
          values: [
            Double(counts.truePositives), Double(counts.falsePositives), Double(counts.falseNegatives), counts.iou,
          ])
      }
    }
  }

  package func shown(_ sample: Sample, at desk: EvaluationDesk) throws -> ShownSample {
    ShownSample(
      picture: sample.picture.input,
      questions: sample.questions.map {
        ShownSample.Question(label: $0.label, asked: $0.label, truth: .points(sample.picture.source, $0.points))
      })
  }
}
