import ZooImages
import ZooModels

/// A question of a run on which the first method did very well or very badly.
package struct EvaluationCase: Sendable {
  /// The sample's index in the data set.
  package let index: Int
  package let sample: String
  package let name: String
  package let label: Int
  /// The index among the sample's questions about the same class.
  package let ordinal: Int
  /// The merit of each method's map; nil if it says nothing.
  package let merits: [Double?]

  /// The worst and the best questions of a run, worst and best first; equal ones in data set order.
  ///
  /// - Parameters:
  ///   - count: The maximum number of each; a question is in only one of the lists.
  ///   - results: Calls its argument with each result, in the order of the samples.
  package static func extremes<P: EvaluationProtocol>(
    _: P.Type, methods: Int, count: Int, results: (_ add: (SampleResult) throws -> Void) throws -> Void
  ) rethrows -> (worst: [EvaluationCase], best: [EvaluationCase]) {
    var seen = 0
    var worst: [(merit: Double, value: EvaluationCase)] = [], best = worst
    func keep(
      _ one: (merit: Double, value: EvaluationCase), in list: inout [(merit: Double, value: EvaluationCase)],
      before: (Double, Double) -> Bool
    ) {
      // After its equals, which came first.
      list.insert(one, at: list.firstIndex { before(one.merit, $0.merit) } ?? list.count)
      if list.count > count { list.removeLast() }
    }
    try results { result in
      guard result.error == nil else { return }
      let rows = (0..<methods).map { method in result.results.filter { $0.method == method } }
      var ordinals: [Int: Int] = [:]
      for (place, row) in rows[0].enumerated() {
        let ordinal = ordinals[row.label, default: 0]
        ordinals[row.label] = ordinal + 1
        let merits = rows.map { rows in
          rows.indices.contains(place) ? P.merit(of: rows[place].values) : nil
        }
        guard let merit = merits[0] else { continue }
        seen += 1
        let one = EvaluationCase(
          index: result.index, sample: result.sample, name: row.name, label: row.label, ordinal: ordinal, merits: merits
        )
        keep((merit, one), in: &worst, before: <)
        keep((merit, one), in: &best, before: >)
      }
    }
    let each = min(count, seen / 2)
    return (worst.prefix(each).map(\.value), best.prefix(max(each, seen == 1 ? 1 : 0)).map(\.value))
  }
}

/// A sample for drawing in a report.
package struct ShownSample: Sendable {
  /// What the model sees.
  package let picture: PreprocessedPicture
  /// In the order of the rows.
  package let questions: [Question]

  package struct Question: Sendable {
    /// The label in its row.
    package let label: Int
    /// The class whose map is drawn.
    package let asked: Int
    package let truth: Truth
  }

  package enum Truth: Sendable {
    /// No location.
    case none
    case mask(MaskedPictures.Loaded, MaskedPictures.Thing)
    case points(PictureFacts, [LabelledPoint])
  }
}

extension ShownSample.Truth {
  /// The truth drawn on a picture of the part that the patches cover: an outline around the object; white points on it, and black ones off it.
  package func drawn(on picture: Picture) -> Picture {
    let size = GridSize(height: picture.height, width: picture.width)
    switch self {
    case .none: return picture.convertedToRGB()
    case .mask(let sample, let thing):
      return picture.outlined(sample.mask(of: thing, size: size).values.map { $0 == 1 })
    case .points(let facts, let points):
      return points.compactMap { facts.place($0, in: size) }.reduce(picture.convertedToRGB()) { $0.dotted($1) }
    }
  }
}

extension Picture {
  /// With a dot whose size scales with the picture.
  fileprivate func dotted(_ point: LabelledPoint) -> Picture {
    let reach = max(2, max(width, height) / 60), (x, y) = (point.column(of: width), point.row(of: height))
    var pixels = pixels
    for row in max(0, y - reach)...min(height - 1, y + reach) {
      for column in max(0, x - reach)...min(width - 1, x + reach) {
        let distance = (row - y) * (row - y) + (column - x) * (column - x)
        guard distance <= reach * reach else { continue }
        let isInner = distance < (reach - 1) * (reach - 1)
        for channel in 0..<3 { pixels[(row * width + column) * 3 + channel] = isInner == point.isThing ? 255 : 0 }
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }
}
