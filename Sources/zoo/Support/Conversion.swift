import Foundation
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors

extension Conversion {
  /// Writes the model with a progress bar for each phase. If it is interrupted, nothing is left behind.
  ///
  /// - Parameters:
  ///   - store: The destination if no `folder` is given.
  ///   - lock: The model's lock, released when the model is there; nil outside of the store.
  func writeWithBars(
    to folder: String?, in store: ModelStore, replacing: Bool, lock: StoreLock?, probe: Bool = true, quiet: Bool,
    stopped message: String = "stopped; nothing was left behind"
  ) throws -> ConversionReport {
    let start = ContinuousClock.now
    let clean: @Sendable () -> Void = {
      ConversionWork.removeAll()
      lock?.release()
    }
    let target = try folder ?? store.place(of: self).path(percentEncoded: false)
    let description = try Interruption.removing(clean, saying: message) {
      let bars = ConversionProgress.Phase.bars(quiet: quiet, total: plan.byteCount)
      let finish = { bars.values.forEach { $0.finish() } }
      defer { finish() }
      let progress = { (step: ConversionProgress) in bars[step.phase]?.update(step.bytesDone, step.tensor) ?? () }
      let run =
        !probe
        ? nil
        : { (folder: String) in
          finish()
          return try ZooModel.probe(folder)
        }
      if folder == nil {
        return try store.install(self, replacing: replacing, lock: lock, progress: progress, probe: run)
      }
      return try write(to: target, replacing: replacing, progress: progress, probe: run)
    }
    return ConversionReport(description, plan: plan, path: target, seconds: (ContinuousClock.now - start).seconds)
  }

  /// Reports that another process works on the same thing.
  static func waiting(quiet: Bool) -> (Int?) -> Void {
    { process in
      guard !quiet else { return }
      Terminal.note("waiting for another zoo\(process.map { " (process \($0))" } ?? "") that works on the same model")
    }
  }
}

/// Reports that a model is already there and that nothing was done.
func tellInstalled(_ name: ModelName, _ path: String, _ more: String, json: Bool) throws {
  if json { return try printJSON(["model": "\(name)", "path": path]) }
  print("\(name) is installed already; \(more)\n  \(path)")
}

/// The output of `zoo convert` and `zoo pull` for a converted model. Fields are only ever added.
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
  /// The results for a fixed picture and fixed prompts; null without a probe.
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
    let rate = formatted("%.1f s, ", seconds) + byteText(Int(Double(bytes) / max(seconds, 0.001))) + "/s"
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
