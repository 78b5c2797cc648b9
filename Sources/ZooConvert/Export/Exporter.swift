import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

/// How an export is written.
public struct ExportOptions: Sendable {
  /// The element type of the weights.
  public var dtype = TargetDType.keep
  /// The maximum size of a safetensors file in bytes; nil for a single file.
  public var maxShard: Int?
  /// True to replace an existing target, at the very end.
  public var replacing = false

  /// Keeps the element types, writes one file and replaces nothing.
  public init() {}
}

/// What was exported.
public struct ExportReport: Sendable {
  /// The name of the layout that was written.
  public let layout: String
  /// Names of the written files; the path itself for a single file.
  public let files: [String]
  /// The number of tensors written.
  public let tensors: Int
  /// The size of all tensors in bytes.
  public let bytes: Int
  /// What the other ecosystem does differently, in full sentences.
  public let notes: [String]
}

/// Exports a converted model to another ecosystem's format, then reads the result back as a checkpoint and checks that converting it would give the
/// digests of the model.
///
/// - Parameters:
///   - model: The model's description.
///   - folder: The converted model's folder.
///   - target: A folder to create, with configuration and tokenizer; or a file ending in `.safetensors` or `.npz`, for the weights alone.
///   - progress: Called after every piece; throwing cancels the export, and nothing is left behind.
/// - Throws: `ConvertError`, `CheckpointError`, or what `progress` throws.
@discardableResult
package func export(
  _ model: ModelDescription, in folder: String, as format: ExportFormat, to target: String,
  options: ExportOptions = ExportOptions(), progress: (ConversionProgress) throws -> Void = { _ in }
) throws -> ExportReport {
  let weights = try Checkpoint.open(
    ModelDescription.path(of: ModelDescription.weightsFileName, in: URL(filePath: folder, directoryHint: .isDirectory)))
  guard options.dtype != .int8 else {
    throw ConvertError.notExportable(
      model: model.name.description, format: format.rawValue,
      reason: "it has no place for 8-bit integers and their scales")
  }
  let plan = try ExportPlan(format, model.architecture, Headers(weights), dtype: options.dtype)
  guard options.replacing || !fileExists(target) else { throw ConvertError.outputExists(target) }
  try plan.checkZeros(in: weights, model: model.name.description)
  let export = ExportWork(model: model, folder: folder, plan: plan, weights: weights, options: options)
  do {
    if target.hasSuffix(plan.ending) {
      // The writer renames its file itself, so it writes to a temporary folder that is checked first.
      let work = try ConversionWork(for: target)
      defer { work.remove() }
      let written = try export.writeWeights(in: work.folder, progress: progress)
      guard let only = written.first, written.count == 1 else {
        throw ConvertError.writeFailed(path: target, reason: "a single file cannot be cut into shards")
      }
      try export.verify(joinPath(work.folder, only), progress: progress)
      // A folder with the name of the weights file is kept.
      guard rename(joinPath(work.folder, only), target) == 0 else {
        throw ConvertError.writeFailed(path: target, reason: String(cString: strerror(errno)))
      }
      return export.report(files: [target])
    }
    try Replacement.export.check(target)
    if let preprocessing = model.preprocessing, let obstacle = format.obstacle(to: preprocessing) {
      throw ConvertError.notExportable(
        model: model.name.description, format: format.rawValue,
        reason: "\(obstacle); '\(target)\(plan.ending)' takes the weights alone")
    }
    let work = try ConversionWork(for: target)
    defer { work.remove() }
    var files = try export.writeWeights(in: work.folder, progress: progress)
    for file in try export.companions() {
      try writeSynced(file.data, to: joinPath(work.folder, file.name))
      files.append(file.name)
    }
    try export.verify(
      joinPath(work.folder, files.first { $0.hasSuffix(".index.json") } ?? files[0]), progress: progress)
    try work.publish(as: target, replacing: options.replacing, .export)
    return export.report(files: files)
  } catch let error as CheckpointError where error.rule == .writeFailed {
    throw ConvertError.writeFailed(path: target, reason: error.found ?? "\(error)")
  }
}

extension ExportPlan {
  fileprivate var ending: String { format == .bigVision ? ".npz" : ".safetensors" }

  /// Nothing that a layout leaves out may be lost.
  fileprivate func checkZeros(in weights: Checkpoint, model: String) throws {
    for expression in zeros {
      try expression.forEachPiece(in: weights) { piece in
        try piece.stream(as: .f32, chunk: pieceSize) { bytes in
          guard bytes.bindMemory(to: Float.self).allSatisfy({ $0 == 0 }) else {
            throw ConvertError.notZero(model: model, part: "\(expression)", format: format.rawValue)
          }
        }
      }
    }
  }
}
