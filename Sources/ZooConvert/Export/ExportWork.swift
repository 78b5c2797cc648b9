import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors
import ZooText

/// One export in progress.
struct ExportWork {
  let model: ModelDescription
  let folder: String
  let plan: ExportPlan
  let weights: Checkpoint
  let options: ExportOptions

  /// The names of the written files, the index last.
  func writeWeights(in place: String, progress: (ConversionProgress) throws -> Void) throws -> [String] {
    guard plan.format != .bigVision else {
      let slots = plan.rows.map { ($0.target, $0.dtype, $0.shape) }
      try write(plan.rows, to: NPZWriter(joinPath(place, "model.npz"), tensors: slots), before: 0, progress)
      return ["model.npz"]
    }
    let stem = plan.format == .openCLIP ? "open_clip_model" : "model"
    let shards = plan.shards(limit: options.maxShard)
    var names: [String] = [], done = 0
    for (index, rows) in shards.enumerated() {
      let part = formatted("-%05d-of-%05d", index + 1, shards.count)
      let name = "\(stem)\(shards.count > 1 ? part : "").safetensors"
      let slots = rows.map { ($0.target, $0.dtype, $0.shape) }
      let writer = try SafetensorsWriter(joinPath(place, name), tensors: slots, metadata: ["format": "pt"])
      try write(rows, to: writer, before: done, progress)
      done += rows.reduce(0) { $0 + $1.byteCount }
      names.append(name)
    }
    guard shards.count > 1 else { return names }
    let places = zip(shards, names).flatMap { rows, name in rows.map { ($0.target, ConfigurationText.text(name)) } }
    let index: ConfigurationText = [
      "metadata": ["total_size": .integer(plan.byteCount)],
      "weight_map": .object(Dictionary(places, uniquingKeysWith: { first, _ in first })),
    ]
    names.append("\(stem).safetensors.index.json")
    try writeSynced(index.data(), to: joinPath(place, names[names.count - 1]))
    return names
  }

  private func write(
    _ rows: [ConversionPlan.Row], to writer: any TensorWriter, before: Int,
    _ progress: (ConversionProgress) throws -> Void
  ) throws {
    var passed = BytesPassed(before)
    for row in rows {
      try row.expression.forEachPiece(in: weights) { piece in
        try piece.stream(as: row.dtype, chunk: pieceSize) { bytes in
          try writer.append(bytes)
          if passed.add(bytes.count) { weights.release() }
          try progress(.init(phase: .writing, tensor: row.target, bytesDone: passed.count, bytesTotal: plan.byteCount))
        }
      }
    }
    try writer.finish()
    weights.release()
  }

  /// Simulates converting the result: the digest of every canonical tensor must match the one in `model.json`.
  func verify(_ path: String, progress: (ConversionProgress) throws -> Void) throws {
    let written = try Checkpoint.open(path)
    let back = try makePlan(model.architecture, of: written)
    var passed = BytesPassed()
    for row in back.rows {
      let hasher = SHA256Hasher()
      // A different element type changes the bytes, so then only that everything can be read is checked.
      let isComparable =
        Headers(weights)[row.target]?.dtype == row.dtype
        && model.digests[TensorSpec(name: row.target, shape: row.shape).scales.name] == nil
      try row.expression.forEachPiece(in: written) { piece in
        try piece.stream(as: row.dtype, chunk: pieceSize) { bytes in
          hasher.update(bytes)
          if passed.add(bytes.count) { written.release() }
          try progress(
            .init(phase: .verifying, tensor: row.target, bytesDone: passed.count, bytesTotal: back.byteCount))
        }
      }
      let digest = "\(hasher.finish())"
      guard !isComparable || digest == model.digests[row.target] else {
        throw ConvertError.digestMismatch(tensor: row.target, file: path)
      }
    }
  }

  /// Configuration and tokenizer files.
  func companions() throws -> [(name: String, data: Data)] {
    let architecture = model.architecture
    var files: [(name: String, data: Data)] = []
    guard let vision = architecture.vision, let preprocessing = model.preprocessing else {
      preconditionFailure("no format takes a model without an image tower")
    }
    let place = URL(filePath: folder, directoryHint: .isDirectory)
    let paths = try model.tokenizerFiles.map { try ModelDescription.path(of: $0, in: place) }
    let survey = try clipTokenizer()
    let hasOwnTokenizer = architecture.text?.tokenizer.kind == .clipHF && survey?.isStandard == false
    if architecture.isClassifier, plan.format == .transformers {
      let writer = DINOv2Writer(vision: vision, labels: model.labels, classes: architecture.embedding)
      files.append(("config.json", try writer.config()))
      files.append(("preprocessor_config.json", try preprocessorText(preprocessing, type: "BitImageProcessor")))
    } else if architecture.isClassifier {
      let writer = TimmConfigurationWriter(
        architecture: architecture, vision: vision, preprocessing: preprocessing, labels: model.labels)
      files.append(("config.json", try writer.text()))
    } else if plan.format == .transformers {
      let types = Dictionary(grouping: plan.rows, by: \.dtype).mapValues { $0.reduce(0) { $0 + $1.byteCount } }
      let names: [DType: String] = [.f16: "float16", .bf16: "bfloat16"]
      let writer = TransformersConfigurationWriter(
        architecture: architecture, vision: vision,
        isSigLIP: plan.layout == .transformersSigLIP,
        endsWithLargestID: survey.map { $0.endID + 1 == architecture.text?.vocabulary } ?? true,
        dtype: types.max { $0.value < $1.value }.flatMap { names[$0.key] } ?? "float32")
      files.append(("config.json", try writer.config()))
      let type =
        plan.layout == .transformersSigLIP && !preprocessing.isCropped ? "SiglipImageProcessor" : "CLIPImageProcessor"
      files.append(("preprocessor_config.json", try preprocessorText(preprocessing, type: type)))
    } else {
      let writer = OpenCLIPConfigurationWriter(
        architecture: architecture, vision: vision, preprocessing: preprocessing, layout: plan.layout,
        hasOwnTokenizer: hasOwnTokenizer)
      files.append(("open_clip_config.json", try writer.text()))
    }
    if let spec = architecture.text?.tokenizer {
      files += try TokenizerExport(spec: spec, paths: paths, isOwn: hasOwnTokenizer).files(for: plan.format)
    }
    return files
  }

  /// What CLIP's tokenizer files say, if the model has any.
  private func clipTokenizer() throws -> CLIPSurvey? {
    guard model.architecture.text?.tokenizer.kind.isCLIP == true, !model.tokenizerFiles.isEmpty else { return nil }
    return try CLIPSurvey(URL(filePath: folder, directoryHint: .isDirectory))
  }

  func report(files: [String]) -> ExportReport {
    ExportReport(
      layout: plan.layout.name, files: files, tensors: plan.rows.count, bytes: plan.byteCount,
      notes: exportNotes(model, plan))
  }
}
