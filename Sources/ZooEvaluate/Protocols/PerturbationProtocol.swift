import ZooExplain
import ZooImages
import ZooModels

/// Accuracy as pixels are blacked out (Chefer et al.; LeGrad's tables 3 and 4): starting with those where the map is highest (positive) or lowest
/// (negative).
///
/// A step's top-1 accuracy is always that of the true class; the mode decides which class's map is used, the predicted or the true one. The area
/// under accuracy as a function of the fraction of pixels, 0 to 0.9, is computed by the trapezoidal rule, with the whole picture as its first point.
public struct PerturbationProtocol: EvaluationProtocol {
  package static let name = "perturbation"
  /// Fractions of the pixels that are blacked out.
  package static let shares = (0...9).map { Double($0) / 10 }

  package enum Mode: String, Sendable, CaseIterable { case predicted, target }
  package enum Sign: String, Sendable, CaseIterable { case positive, negative }

  private static let curves = Mode.allCases.flatMap { mode in Sign.allCases.map { (mode, $0) } }
  package static let columns = curves.flatMap { mode, sign in
    shares.map { "\(mode.rawValue)_\(sign.rawValue)_\(Int(($0 * 100).rounded()))" }
  }
  package static let figures =
    curves.map { mode, sign in Figure("\(sign.rawValue) \(mode.rawValue) AUC", isBetterHigh: sign == .negative) }
    + [Figure("accuracy")]

  package static func figures(of sums: [ClassSum]) -> [Double] {
    let total = sums.total
    let accuracies = total.values.map { ratio($0, total.rows) }
    let steps = shares.count
    let areas = curves.indices.map { curve in area(Array(accuracies[curve * steps..<(curve + 1) * steps])) }
    return areas + [accuracies.first ?? 0]
  }

  package static let meritName = "negative less positive AUC of the true class"
  /// Nil if the class is not recognised in the whole picture.
  package static func merit(of row: [Double]) -> Double? {
    let steps = shares.count, areas = curves.indices.map { area(Array(row[$0 * steps..<($0 + 1) * steps])) }
    return row[0] > 0 ? areas[3] - areas[2] : nil
  }

  /// The area under accuracies at `shares`, by the trapezoidal rule.
  package static func area(_ accuracies: [Double]) -> Double {
    zip(accuracies, accuracies.dropFirst()).map { ($0 + $1) / 2 * 0.1 }.reduce(0, +)
  }

  /// The data set.
  public let data: ClassifiedPictures

  /// Measures on this data set.
  public init(_ data: ClassifiedPictures) { self.data = data }

  package var classes: [String] { data.classes }
  package var samples: [String] { data.pictures.map(\.id) }
  package var hasImageNetsClasses: Bool { data.areImageNets }
  package var choices: [Choice] {
    [
      Choice("accuracy", "top-1 against the true class"), Choice("area", "trapezoid over 0...0.9 with the 0 point"),
      Choice("pixels", "blacked before normalisation"), Choice("ties", "row by row, the first pixel first"),
    ]
  }

  package struct Sample: Sendable {
    let input: PreprocessedPicture
    let truth: Int
    /// The value of a black pixel in each channel of the model's input.
    let black: [Float]

    var picture: PixelTensor { input.tensor }
  }

  package func load(_ index: Int, by loader: PictureLoader) throws -> Sample {
    let entry = data.pictures[index], rules = loader.preprocessing
    return Sample(
      input: try loader.load(path: entry.file).input, truth: entry.label,
      black: zip(rules.mean, rules.std).map { (0 - $0) / $1 })
  }

  package func measure(_ samples: [Sample], at desk: EvaluationDesk) throws -> [[[MeasuredRow]]] {
    let found = try desk.explained(samples.map(\.picture), of: samples.map { [$0.truth] })
    // The prediction for most pictures is correct; only the others need a second pass for their maps.
    let taken = samples.indices.filter { found[$0].bestClass != samples[$0].truth }
    let others = try desk.maps(taken.map { samples[$0].picture }, of: taken.map { [found[$0].bestClass] })
    let predicted = Dictionary(uniqueKeysWithValues: zip(taken, others))
    return try samples.indices.map { place in
      try rows(of: samples[place], target: found[place].maps, predicted: predicted[place], at: desk)
    }
  }

  /// - Parameters:
  ///   - target: Maps of the true class, `[ways][1]`.
  ///   - predicted: Maps of the predicted class; nil if that is the true one.
  private func rows(
    of sample: Sample, target: [[Heatmap]], predicted: [[Heatmap]]?, at desk: EvaluationDesk
  ) throws -> [[MeasuredRow]] {
    let start = predicted == nil
    return try target.indices.map { way in
      let maps = (predicted?[way] ?? []) + target[way]
      // If both modes use the same map, they have the same curve.
      let curves = try desk.clock.time([way]) {
        try maps.map { heatmap in
          let map = minMax(heatmap.pixels())
          return try Sign.allCases.flatMap { sign in
            [start] + (try answers(sample, map: map, size: heatmap.pictureSize, sign: sign, by: desk.bestClasses))
          }
        }
      }
      let values = (curves[0] + curves[curves.count - 1]).map { $0 ? 1.0 : 0.0 }
      return [MeasuredRow(label: sample.truth, values: values)]
    }
  }

  package func shown(_ sample: Sample, at desk: EvaluationDesk) throws -> ShownSample {
    ShownSample(
      picture: sample.input,
      questions: [ShownSample.Question(label: sample.truth, asked: sample.truth, truth: .none)])
  }

  /// Whether the true class is recognised after each step, from the first fraction above 0 on.
  ///
  /// - Parameters:
  ///   - map: `[size.height * size.width]`, on the part of the input that the patches cover; the rest is not changed.
  ///   - classify: Returns the class of each picture.
  func answers(
    _ sample: Sample, map: [Float], size: GridSize, sign: Sign, by classify: ([PixelTensor]) throws -> [Int]
  ) rethrows -> [Bool] {
    let order = pixelOrder(map, highestFirst: sign == .positive), picture = sample.picture
    let area = picture.height * picture.width
    var values = picture.values, done = 0
    let steps = Self.shares.dropFirst().map { share in
      let count = Int(Double(order.count) * share)
      for place in order[done..<count] {
        let pixel = place / size.width * picture.width + place % size.width
        for (channel, black) in sample.black.enumerated() { values[channel * area + pixel] = black }
      }
      done = count
      return PixelTensor(height: picture.height, width: picture.width, values: values)
    }
    return try classify(steps).map { $0 == sample.truth }
  }
}

/// Indices of values from the highest or the lowest on; equal ones in order.
func pixelOrder(_ values: [Float], highestFirst: Bool) -> [Int] {
  values.indices.sorted { a, b in
    values[a] == values[b] ? a < b : (values[a] > values[b]) == highestFirst
  }
}
