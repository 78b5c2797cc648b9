import Foundation
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors

/// A checkpoint with what it was found to be, ready to be written.
struct Conversion {
  let checkpoint: Checkpoint
  let model: IdentifiedModel
  let plan: ConversionPlan

  /// - Parameters:
  ///   - part: What to read of a file that holds several models.
  ///   - text: A checkpoint whose text tower takes the place of the file's own, or joins it.
  init(
    _ file: String, part: String? = nil, text: String? = nil, options: ConversionOptions, registry: Registry,
    dtype: TargetDType
  ) throws {
    if let text {
      let joined = try join(
        Checkpoint.openNamed(file, part: part), Checkpoint.openNamed(text), options: options, registry: registry,
        dtype: dtype)
      (checkpoint, model, plan) = (joined.checkpoint, joined.model, joined.plan)
      return
    }
    checkpoint = try Checkpoint.openNamed(file, part: part)
    model = try identify(checkpoint, options: options, registry: registry)
    plan = makePlan(model.layout, model.architecture, Headers(checkpoint), dtype: dtype)
  }

  /// True where a directory holds what this conversion would write.
  func isDone(in folder: String) -> Bool {
    let file = URL(filePath: folder, directoryHint: .isDirectory).appending(path: ModelDescription.fileName)
    guard let there = try? ModelDescription.read(file: file.path(percentEncoded: false)) else { return false }
    return there.isResult(of: plan, of: model, from: checkpoint, in: folder)
  }

  /// Writes the model with a bar for each phase. Where it is stopped, nothing is left behind.
  ///
  /// - Parameter lock: Given up when the model is there; nil outside of the zoo.
  func write(
    to target: String, replacing: Bool, lock: StoreLock?, probe: Bool = true, quiet: Bool,
    stopped message: String = "stopped; nothing was left behind"
  ) throws -> ConversionReport {
    let parent = URL(filePath: target).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw CallError.unwritable(parent.path(percentEncoded: false), reason: systemReason(of: error))
    }
    defer { lock?.release() }
    let start = ContinuousClock.now
    let clean: @Sendable () -> Void = {
      ConversionWork.removeAll()
      lock?.release()
    }
    let description = try Interruption.removing(clean, saying: message) {
      let bars = ConversionProgress.Phase.bars(quiet: quiet, total: plan.byteCount)
      defer { bars.values.forEach { $0.finish() } }
      let probe = probe ? { try self.probe($0, bars: bars) } : nil
      return try ZooConvert.write(
        plan, of: model, from: checkpoint, to: target, replacing: replacing,
        progress: { bars[$0.phase]?.update($0.bytesDone, $0.tensor) }, probe: probe)
    }
    return ConversionReport(description, plan: plan, path: target, seconds: (ContinuousClock.now - start).seconds)
  }

  /// Weights are streamed through the probe, so that it takes little memory whatever the model's size.
  private func probe(_ folder: String, bars: [ConversionProgress.Phase: Progress]) throws -> ProbeOutcome {
    bars.values.forEach { $0.finish() }
    let result = try Model(
      directory: URL(filePath: folder, directoryHint: .isDirectory), algebra: Kernels(streams: true)
    )
    .probe()
    return (result.probe, result.notes)
  }

  /// Says that another process works on the same thing.
  static func waiting(quiet: Bool) -> (Int?) -> Void {
    { process in
      guard !quiet else { return }
      Terminal.note("waiting for another zoo\(process.map { " (process \($0))" } ?? "") that works on the same model")
    }
  }
}

/// Says that a model is there and that nothing was done.
func tellInstalled(_ name: ModelName, _ path: String, _ more: String, json: Bool) throws {
  if json { return try printJSON(["model": "\(name)", "path": path]) }
  print("\(name) is installed already; \(more)\n  \(path)")
}

/// What `zoo convert` and `zoo pull` say of a converted model. Fields are only ever added.
struct ConversionReport: Encodable {
  let model: String
  let path: String
  let layout: String
  let tensorsRead: Int
  let tensorsUsed: Int
  let tensorsDropped: Int
  let tensorsWritten: Int
  let bytes: Int
  let seconds: Double
  /// What a fixed picture and fixed prompts gave; null without a probe.
  let probe: ModelDescription.Probe?
  let notes: [String]

  init(_ description: ModelDescription, plan: ConversionPlan, path: String, seconds: Double) {
    model = description.name.description
    self.path = path
    layout = description.layout
    tensorsRead = plan.sourceCount
    tensorsUsed = plan.usedCount
    tensorsDropped = plan.dropped.count
    tensorsWritten = plan.rows.count
    bytes = plan.byteCount
    self.seconds = seconds
    probe = description.probe
    notes = description.notes
  }

  var text: String {
    let rate = String(format: "%.1f s, %@/s", seconds, byteText(Int(Double(bytes) / max(seconds, 0.001))))
    let lines = [
      "\(model)  from \(layout)",
      "  \(tensorsRead) tensors read: \(tensorsUsed) used, \(tensorsDropped) dropped by rule; \(tensorsWritten) written",
      "  every tensor read back and compared: \(byteText(bytes)) in \(rate)",
      probe.map { "  test run of \($0.summary): the embeddings are kept, 'zoo verify' compares with them" },
    ].compactMap(\.self)
    return (lines + notes.map { "  note: \($0)" } + ["  \(path)"]).joined(separator: "\n")
  }
}

extension ConversionProgress.Phase {
  fileprivate static func bars(quiet: Bool, total: Int) -> [Self: Progress] {
    [
      .writing: Progress("writing  ", total: total, quiet: quiet, unit: byteText),
      .verifying: Progress("verifying", total: total, quiet: quiet, unit: byteText),
    ]
  }
}

extension ModelDescription.Probe {
  fileprivate var summary: String {
    let parts = [image.map { _ in "a picture" }, (prompt ?? text).map { _ in prompt == nil ? "tokens" : "a prompt" }]
    return parts.compactMap(\.self).joined(separator: " and ")
  }
}
