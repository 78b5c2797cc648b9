import Foundation
import ZooEvaluate
import ZooExplain

/// What `zoo eval` says: a table, or JSON. Fields are only ever added.
struct EvalReport: Encodable {
  let model: String
  let data: String
  let scenes: Int
  let promptTemplate: String
  let methods: [Method]
  /// Scenes that could not be read.
  let errors: [InputFailures.Entry]
  let notes: [String]

  struct Method: Encodable {
    let name: String
    /// The method's id, and the options that were given by name.
    let method: String
    let options: [String: String]
    /// Of LeGrad alone.
    let variant: LeGrad.Variant?
    let layers: String?
    let score: LeGrad.Score?
    /// The prompt and threshold of the correction.
    let correction: String?
    let prompts: Int
    /// Maps with the same value everywhere.
    let flat: Int
    /// Mean share of the picture that an object covers: what pointing blindly gives.
    let meanObjectArea: Double
    /// Mean over prompts of the object's IoU at 0.5.
    let meanIou: Double
    let pointing: Double
    let pointingTolerance4: Double
    let pixelAp: Double
    /// Average precision over `1 - map` and `map`, as in Chefer's script.
    let twoChannelAp: Double
    let meanF1: Double
    /// All prompts' pixels together, background and object.
    let atHalf: Segmentation
    let atMean: Segmentation

    init(_ explainer: Explainer, _ result: Localisation) {
      let legrad = explainer.method.legrad
      (method, options) = (explainer.method.info.id, explainer.method.options)
      (variant, layers, score) = (legrad?.variant, legrad?.layers.description, legrad?.score)
      correction = explainer.correction.map { "\($0.prompt),\($0.threshold)" }
      name = explainer.method.displayName + (explainer.correction == nil ? "" : ", corrected")
      prompts = result.prompts
      flat = result.flat
      meanObjectArea = result.meanArea
      meanIou = result.meanIoU
      pointing = result.pointing
      pointingTolerance4 = result.tolerantPointing
      pixelAp = result.pixelAP
      twoChannelAp = result.twoChannelAP
      meanF1 = result.meanF1
      atHalf = Segmentation(result.half)
      atMean = Segmentation(result.mean)
    }
  }

  struct Segmentation: Encodable {
    let pixelAccuracy: Double
    let iouBackground: Double
    let iouForeground: Double
    let miou: Double

    init(_ counts: SegmentationCounts) {
      pixelAccuracy = counts.pixelAccuracy
      iouBackground = counts.backgroundIoU
      iouForeground = counts.foregroundIoU
      miou = counts.meanIoU
    }
  }

  var text: String {
    var table = Table(
      ["METHOD", "PROMPTS", "MIOU @0.5", "POINTING", "WITHIN 4 PX", "PIXEL AP"], right: [1, 2, 3, 4, 5])
    for method in methods {
      table.add([
        method.name, "\(method.prompts)", String(format: "%.3f", method.meanIou), percent(method.pointing),
        percent(method.pointingTolerance4), String(format: "%.3f", method.pixelAp),
      ])
    }
    return "\(model) on \(data), \(scenes) scenes\n\(table.text)"
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
}
