import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

/// The progress of a conversion.
public struct ConversionProgress: Sendable {
  /// The current phase.
  public enum Phase: String, Sendable {
    /// Tensors are written.
    case writing
    /// What was written is read back and compared.
    case verifying
  }
  /// The current phase.
  public let phase: Phase
  /// The canonical name of the current tensor.
  public let tensor: String
  /// Bytes of this phase that are done.
  public let bytesDone: Int
  /// The total number of bytes in this phase.
  public let bytesTotal: Int
}

/// The result of probing a fresh model; the probe is nil if there was none, and a note gives the reason.
package typealias ProbeOutcome = (probe: ModelDescription.Probe?, notes: [String])

extension Conversion {
  /// Converts a checkpoint to a model folder: writes it, reads it back meanwhile, compares, and only then gives the folder its name.
  ///
  /// Memory is bounded: tensors are processed in pieces of a few megabytes, and mapped pages are given back.
  ///
  /// - Parameters:
  ///   - target: The path of the folder to create; parent folders are created too.
  ///   - replacing: True to replace an existing model, at the very end.
  ///   - progress: Called after every piece; throwing cancels the conversion, and nothing is left behind.
  ///   - probe: Receives the finished folder before it gets its name; its result goes into `model.json`. If it throws, nothing is left behind.
  /// - Returns: The content of `model.json`.
  /// - Throws: `ConvertError` (`.problems` if the plan has any), `CheckpointError`, or what `progress` throws.
  @discardableResult
  package func write(
    to target: String, replacing: Bool = false, progress: (ConversionProgress) throws -> Void = { _ in },
    probe: ((_ folder: String) throws -> ProbeOutcome)? = nil
  ) throws -> ModelDescription {
    try checkPlan()
    guard replacing || !fileExists(target) else { throw ConvertError.outputExists(target) }
    try Replacement.model.check(target)
    try makeParent(of: target)
    let work = try ConversionWork(for: target)
    defer { work.remove() }
    do {
      let sources = checkpoint.files, sourceDigests = BackgroundTask { try sources.map(digest(ofFile:)) }
      let weights = joinPath(work.folder, ModelDescription.weightsFileName)
      let writer = try SafetensorsWriter(
        weights, tensors: plan.rows.map { ($0.target, $0.dtype, $0.shape) }, metadata: ["format": "zoo"])
      let readBack = try ReadBack(writer.growing, called: weights, plan, of: checkpoint)
      defer { readBack.stop() }
      let findings = try writeTensors(to: writer, readBack: readBack, progress: progress)
      let synced = BackgroundTask { try syncFile(weights) }
      let digests = try readBack.finish(progress: progress)
      var tokenizerFiles: [String] = [], tokenizerDigests: [String: String] = [:]
      for file in model.tokenizerFiles {
        guard let data = file.contents else {
          throw ConvertError.configuration(file: file.name, reason: "it cannot be read")
        }
        try writeSynced(data, to: joinPath(work.folder, file.name))
        tokenizerFiles.append(file.name)
        tokenizerDigests[file.name] = "\(data.withUnsafeBytes(sha256))"
      }
      var description = ModelDescription(
        architecture: model.architecture, tag: model.tag, preprocessing: model.preprocessing, layout: model.layout.name,
        tokenizerFiles: tokenizerFiles, tokenizerDigests: tokenizerDigests,
        sources: try sourceDigests.wait().map { .init(name: $0.name, size: $0.size, sha256: $0.sha256) },
        digests: digests, notes: model.notes + warnings(of: findings), labels: model.labels)
      if plan.isQuantised { description.quantisation = .int8 }
      let file = joinPath(work.folder, ModelDescription.fileName)
      try writeSynced(description.encoded(), to: file)
      if let outcome = try probe?(work.folder) {
        description.probe = outcome.probe
        description.notes += outcome.notes
        try writeSynced(description.encoded(), to: file)
      }
      try synced.wait()
      try work.publish(as: target, replacing: replacing)
      return description
    } catch let error as CheckpointError where error.rule == .writeFailed {
      throw ConvertError.writeFailed(path: target, reason: error.found ?? "\(error)")
    }
  }

  /// Writes the tensors in order and inspects their elements. Tensors that are expensive to read again are digested on the way.
  private func writeTensors(
    to writer: SafetensorsWriter, readBack: ReadBack,
    progress: (ConversionProgress) throws -> Void
  ) throws -> [TensorInspector.Findings] {
    var passed = BytesPassed()
    let findings = try plan.rows.map { row in
      let inspector = TensorInspector(row.dtype, digesting: row.expression.isReadInParts(in: checkpoint))
      try row.stream(in: checkpoint) { bytes in
        inspector.take(bytes)
        try writer.append(bytes)
        if passed.add(bytes.count) { checkpoint.release() }
        try progress(.init(phase: .writing, tensor: row.target, bytesDone: passed.count, bytesTotal: plan.byteCount))
      }
      let found = inspector.finish()
      try readBack.add(found)
      return found
    }
    try writer.finish(synced: false)
    checkpoint.release()
    return findings
  }

  private func makeParent(of target: String) throws(ConvertError) {
    let parent = splitPath(target).parent
    guard !parent.isEmpty else { return }
    do {
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    } catch {
      throw .writeFailed(path: parent, reason: systemReason(of: error))
    }
  }

  /// What a user should know about the weights.
  private func warnings(of findings: [TensorInspector.Findings]) -> [String] {
    zip(plan.rows, findings).compactMap { row, found in
      if found.broken > 0 {
        return
          "'\(row.target)' has \(found.broken == 1 ? "one element that is" : "\(found.broken) elements that are") NaN or infinite."
      }
      // Biases may well be zero, and those missing from a source are.
      return found.isAllZero && !row.target.hasSuffix("bias") ? "'\(row.target)' is zero throughout." : nil
    }
  }
}
