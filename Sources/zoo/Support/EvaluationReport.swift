import Foundation
import ZooEvaluate
import ZooExplain

/// The output of `zoo eval`: a table, or JSON. Fields are only ever added.
struct EvaluationReport: Encodable {
  let schema = 1
  let `protocol`: String
  let model: String
  let modelDigest: String
  var data = ""
  /// The number of samples measured.
  let scenes: Int
  let promptTemplate: String
  let templates: [String]
  let pictures: [Choice]
  let choices: [Choice]
  var methods: [Method]
  /// Methods that are undefined for the model, if all were requested.
  var undefined: [ChosenMethods.Undefined] = []
  /// Samples that could not be read.
  var errors: [InputFailures.Entry] = []
  /// What the data set names but does not contain.
  var leftOut: [InputFailures.Entry] = []
  var notes: [String] = []
  /// For all methods together.
  var picturesPerSecond: Double?
  /// The path of the page written by `--report`.
  var reportFile: String?

  struct Method {
    let name: String
    /// The method's id and the options that were given by name.
    var method: String?
    var options: [String: String]?
    /// For LeGrad alone.
    var variant: LeGrad.Variant?
    var layers: String?
    var score: LeGrad.Score?
    /// The prompt and threshold of the correction.
    var correction: String?
    let prompts: Int
    let figures: [Value]
    /// Differences to the first method.
    let differences: [Value]
    let classes: [Class]
    /// The rate without the other methods: the pictures measured by this call, divided by its time without the work for others.
    var picturesPerSecond: Double?
    /// For the pointing protocol alone.
    var localisation: LocalisationReport?

    private enum CodingKeys: String, CodingKey {
      case name, method, options, variant, layers, score, correction, prompts, figures, differences, classes
      case picturesPerSecond
    }

    struct Value: Encodable {
      let figure: String
      let value: Double
      /// The bounds of the 95 % interval of the bootstrap over pictures.
      let low: Double
      let high: Double
    }

    struct Class: Encodable {
      let name: String
      let prompts: Int
      let values: [Double]
    }
  }

  init(_ description: RunFolder.Description, _ lines: RunLines<SampleResult>) throws {
    let settings = description.settings
    (`protocol`, model, modelDigest) = (settings.protocolName, settings.model, settings.modelDigest)
    (templates, pictures, choices) = (settings.templates, settings.pictures, settings.choices)
    promptTemplate = settings.templates.first ?? ""
    guard let type = Self.protocols.first(where: { $0.name == settings.protocolName }) else {
      throw EvaluateError.notARun(folder: "the run", reason: "its protocol '\(settings.protocolName)' is unknown")
    }
    guard description.columns == type.columns else {
      throw EvaluateError.notARun(folder: "the run", reason: "it was made by another version, with other columns")
    }
    let table = try Self.table(type, lines, methods: settings.methods)
    scenes = table.samples
    figures = table.figures
    methods = table.methods.map { method in
      func values(_ estimates: [EvaluationTable.Estimate]) -> [Method.Value] {
        zip(table.figures, estimates).map {
          Method.Value(figure: $0.name, value: $1.value, low: $1.low, high: $1.high)
        }
      }
      return Method(
        name: method.name, prompts: method.rows, figures: values(method.values),
        differences: values(method.differences),
        classes: method.classes.map { Method.Class(name: $0.name, prompts: $0.rows, values: $0.values) },
        localisation: settings.protocolName == PointingProtocol.name
          ? LocalisationReport(Localisation(method.sums)) : nil)
    }
  }

  let figures: [Figure]

  private static let protocols: [any EvaluationProtocol.Type] = [
    PointingProtocol.self, SegmentationProtocol.self, PointsProtocol.self, PerturbationProtocol.self,
  ]

  private static func table<P: EvaluationProtocol>(
    _ type: P.Type, _ lines: RunLines<SampleResult>, methods: [String]
  ) throws -> EvaluationTable { try EvaluationTable(type, methods: methods, results: lines.forEach) }

  private enum CodingKeys: String, CodingKey {
    case schema, `protocol`, model, modelDigest, data, scenes, promptTemplate, templates, pictures, choices, methods
    case undefined, errors, leftOut, notes, picturesPerSecond, reportFile
  }

  /// Adds the speed of this call.
  ///
  /// - Parameters:
  ///   - measured: The number of pictures.
  ///   - alone: The seconds that each method would have taken without the others.
  mutating func state(_ measured: Int, in seconds: Double, alone: [Double]) {
    picturesPerSecond = Double(measured) / seconds
    for (index, seconds) in alone.enumerated() where seconds > 0 {
      methods[index].picturesPerSecond = Double(measured) / seconds
    }
  }

  /// Adds the settings of the explainers.
  mutating func explain(_ explainers: [Explainer]) {
    for (index, explainer) in explainers.enumerated() {
      let legrad = explainer.method.legrad
      methods[index].method = explainer.method.info.id
      methods[index].options = explainer.method.options
      methods[index].variant = legrad?.variant
      methods[index].layers = legrad?.layers.description
      methods[index].score = legrad?.score
      methods[index].correction = explainer.correction.map { "\($0.prompt),\($0.threshold)" }
    }
  }
}

extension EvaluationReport.Method: Encodable {
  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(name, forKey: .name)
    try fields.encodeIfPresent(method, forKey: .method)
    try fields.encodeIfPresent(options, forKey: .options)
    try fields.encodeIfPresent(variant, forKey: .variant)
    try fields.encodeIfPresent(layers, forKey: .layers)
    try fields.encodeIfPresent(score, forKey: .score)
    try fields.encodeIfPresent(correction, forKey: .correction)
    try fields.encode(prompts, forKey: .prompts)
    try fields.encode(figures, forKey: .figures)
    try fields.encode(differences, forKey: .differences)
    try fields.encode(classes, forKey: .classes)
    try fields.encodeIfPresent(picturesPerSecond, forKey: .picturesPerSecond)
    // Beside them, as before there were other protocols.
    try localisation?.encode(to: encoder)
  }
}

/// The pointing protocol's figures under their own names.
struct LocalisationReport: Encodable {
  /// Maps with the same value everywhere.
  let flat: Int
  /// Mean fraction of the picture that an object covers: the accuracy of random pointing.
  let meanObjectArea: Double
  /// Mean over prompts of the object's IoU at 0.5.
  let meanIou: Double
  let pointing: Double
  let pointingTolerance4: Double
  let pixelAp: Double
  /// Average precision over `1 - map` and `map`, as in Chefer's script.
  let twoChannelAp: Double
  let meanF1: Double
  /// The pixels of all prompts together, background and object.
  let atHalf: Segmentation
  let atMean: Segmentation

  init(_ result: Localisation) {
    (flat, meanObjectArea, meanIou) = (result.flat, result.meanArea, result.meanIoU)
    (pointing, pointingTolerance4) = (result.pointing, result.tolerantPointing)
    (pixelAp, twoChannelAp, meanF1) = (result.pixelAP, result.twoChannelAP, result.meanF1)
    (atHalf, atMean) = (Segmentation(result.half), Segmentation(result.mean))
  }

  struct Segmentation: Encodable {
    let pixelAccuracy: Double
    let iouBackground: Double
    let iouForeground: Double
    let miou: Double

    init(_ counts: SegmentationCounts) {
      (pixelAccuracy, miou) = (counts.pixelAccuracy, counts.meanIoU)
      (iouBackground, iouForeground) = (counts.backgroundIoU, counts.foregroundIoU)
    }
  }
}
