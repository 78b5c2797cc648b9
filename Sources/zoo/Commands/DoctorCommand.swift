import ArgumentParser
import CZooKernels
import Foundation
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Shows the environment, the backends in use, and the health of the zoo.",
    discussion: "The exit code is 1 if an installed model cannot be used. 'zoo verify' also reads the weights.")

  @Flag(help: "Delete files left by interrupted processes.")
  var fix = false

  @Flag(
    help: """
      Measure the matrix products of all backends on this machine, which takes a few seconds, and let --backend \
      automatic use the fastest.
      """)
  var tune = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let store = ModelStore()
    if tune { try keep(Tuning.measured(parallel: Parallel()), in: store.tuning) }
    let leftovers = store.leftovers()
    // One that cannot be removed does not keep the others from being removed.
    let outcomes = fix ? leftovers.map { left in Result { () throws(StoreError) in try store.remove(left) } } : []
    let report = DoctorReport(store, leftovers: leftovers, outcomes: outcomes.map { try? $0.get() }, fixed: fix)
    if json { try printJSON(report) } else { print(report.text) }
    for case .failure(let error) in outcomes { throw error }
    if report.models.contains(where: { !$0.defects.isEmpty }) { throw ExitCode(1) }
  }

  private func keep(_ tuning: Tuning, in file: URL) throws {
    do { try tuning.write(to: file) } catch {
      let reason = (error as? FileError)?.reason ?? systemReason(of: error)
      throw CallError.unwritable(file.path(percentEncoded: false), reason: reason)
    }
  }
}

/// The output of `zoo doctor`. Fields are only ever added.
struct DoctorReport: Encodable {
  struct Model: Encodable {
    let model: String
    let directory: String
    let defects: [String]
  }

  struct Left: Encodable {
    let kind: String
    let path: String
    let bytes: Int
    /// Seconds since its last modification.
    let age: Int?
    /// With `--fix`: removed, restored, or kept because neither it nor the model in its place can be read; null if it failed.
    let outcome: Leftover.Outcome?
  }

  struct Processor: Encodable {
    let name: String
    /// Relevant instruction sets.
    let features: [String]
  }

  /// The backend that `--backend automatic` selects for a precision.
  struct Choice: Encodable {
    let precision: Precision
    /// The library with its version.
    let backend: String
    /// Why, as a clause.
    let reason: String
  }

  let version: String
  let system: String
  let processor: Processor
  let threads: Int
  /// Processors that the system provides to this process; more than `threads` if its container is given less time.
  let processors: Int
  let choices: [Choice]
  /// The result of `--tune`; null if it was not run on this processor.
  let tuning: Tuning?
  /// The default library for matrix products, with its kernel and precision.
  let backend: String
  /// Other backends that can be selected.
  let otherBackends: [String]
  /// The instruction set of our own kernels.
  let kernels: String
  /// Relevant variables; for a token, only whether it is set.
  let environment: [String: String]
  let hints: [String]
  let home: String
  let freeBytes: Int?
  let models: [Model]
  let leftovers: [Left]
  let fixed: Bool

  init(_ store: ModelStore, leftovers: [Leftover], outcomes: [Leftover.Outcome?], fixed: Bool) {
    version = Zoo.configuration.version
    system = ProcessInfo.processInfo.operatingSystemVersionString
    let features = ProcessorFeatures.current
    processor = Processor(name: features.name, features: features.notable)
    threads = Parallel().threads
    processors = Processors.present
    let tuning = Tuning.read(from: store.tuning)
    self.tuning = tuning
    choices = Precision.allCases.compactMap { precision in
      if let (algebra, rate) = tuning?.choice(for: precision) {
        let reason = formatted("the fastest that 'zoo doctor --tune' measured, %.0f GFLOP/s", rate.gflopPerSecond)
        return Choice(precision: precision, backend: algebra.name, reason: reason)
      }
      return BackendRule.choice(for: precision).map {
        Choice(precision: precision, backend: $0.algebra.name, reason: $0.rule.reason)
      }
    }
    let chosen = choices.map(\.backend)
    backend = chosen.first ?? ""
    otherBackends = Backend.available.filter { $0 != .automatic }.flatMap { backend in
      Precision.allCases.compactMap { try? makeAlgebra(backend: backend, precision: $0).name }
    }.filter { !chosen.contains($0) }
    kernels = String(cString: zoo_kernel_name())
    environment = Self.environment(ProcessInfo.processInfo.environment)
    home = store.home.path(percentEncoded: false)
    var place = store.home
    while !FileManager.default.fileExists(atPath: place.path), place.path.count > 1 { place.deleteLastPathComponent() }
    freeBytes =
      freeSpace(place.path)
    models =
      store.installed().compactMap { model in
        let defects = model.headerDefects.map(\.description)
        if !defects.isEmpty, !model.isHere { return nil }
        return Model(
          model: "\(model.name)", directory: model.directory.path(percentEncoded: false), defects: defects)
      }
      + store.broken().filter(\.isHere).map {
        Model(model: "\($0.name)", directory: $0.directory.path(percentEncoded: false), defects: [$0.reason])
      }
    self.leftovers = leftovers.enumerated().map { index, left in
      let age = left.modified.map { max(0, Int(-$0.timeIntervalSinceNow)) }
      return Left(
        kind: left.kind.rawValue, path: left.path, bytes: left.bytes, age: age,
        outcome: outcomes.indices.contains(index) ? outcomes[index] : nil)
    }
    self.fixed = fixed
    let problems = (try? RegistryOptions.registry(store: store).problems) ?? []
    hints = Self.hints(ProcessInfo.processInfo.environment) + problems.map { "\($0): it is left out." }
  }

  private static func environment(_ all: [String: String]) -> [String: String] {
    let names = [
      "ZOO_HOME", "HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "OPENBLAS_CORETYPE",
      "OPENBLAS_NUM_THREADS", "no_proxy", "NO_PROXY",
    ]
    var found = all.filter { names.contains($0.key) }
    // These may contain secrets.
    let proxies = ["http_proxy", "https_proxy", "all_proxy"].flatMap { [$0, $0.uppercased()] }
    for name in ["HF_TOKEN"] + proxies where all[name]?.isEmpty == false {
      found[name] = "(set)"
    }
    return found
  }

  private static func hints(_ all: [String: String]) -> [String] {
    var hints: [String] = []
    if let type = all["OPENBLAS_CORETYPE"], !type.isEmpty {
      hints.append(
        "OPENBLAS_CORETYPE=\(type) keeps OpenBLAS from choosing kernels for this processor; unset it for full speed."
      )
    }
    if case .failure(let error) = Result(catching: { try HubSettings(environment: all) }) {
      hints.append("\(error).")
    }
    return hints
  }

  var text: String {
    var lines = [
      "zoo \(version) on \(system)",
      "  processor  \(processor.name)",
      "  features   \(processor.features.isEmpty ? "-" : processor.features.joined(separator: " "))",
      "  threads    \(threads)"
        + (threads < processors ? " of \(processors) processors: the container's time allows no more" : ""),
      "  kernels    \(kernels)",
      "  zoo        \(home)" + (freeBytes.map { ", \(byteText($0)) free" } ?? ""),
    ]
    lines += choices.map { choice in
      let precision = choice.precision.rawValue
      return "  \(precision)\(String(repeating: " ", count: 11 - precision.count))\(choice.backend): \(choice.reason)"
    }
    if !otherBackends.isEmpty { lines.append("  also       \(otherBackends.joined(separator: ", "))") }
    lines += environment.sorted { $0.key < $1.key }.map { "  \($0.key)=\($0.value)" }
    lines += hints.map { "  hint: \($0)" }
    let broken = models.filter { !$0.defects.isEmpty }
    let count = models.count == 1 ? "1 model is" : "\(models.count) models are"
    let health = broken.isEmpty ? "all readable" : "\(broken.count) damaged"
    lines.append(models.isEmpty ? "\nnothing is installed" : "\n\(count) installed, \(health)")
    for model in broken {
      lines.append("  \(model.model)")
      lines += model.defects.prefix(5).map { "    \($0)" }
      if model.defects.count > 5 { lines.append("    and \(model.defects.count - 5) more") }
      lines.append("    'zoo rm \(model.model)' removes it; convert or pull it again")
    }
    guard !leftovers.isEmpty else {
      return (lines + ["interrupted processes left nothing behind"]).joined(separator: "\n")
    }
    let bytes = byteText(leftovers.reduce(0) { $0 + $1.bytes })
    lines.append(
      fixed ? "deleted files left by interrupted processes, \(bytes):" : "left by interrupted processes, \(bytes):")
    var table = Table(["  KIND", "SIZE", "AGE", "PATH"], right: [1, 2])
    for left in leftovers {
      table.add([
        "  \(left.kind)", byteText(left.bytes), left.age.map(spanText) ?? "-", left.path + left.exception(fixed),
      ])
    }
    lines.append(table.text)
    if !fixed {
      let goesOn = leftovers.contains { $0.kind == Leftover.Kind.download.rawValue }
      lines.append("  'zoo doctor --fix' removes this" + (goesOn ? "; 'zoo pull' would go on with a download" : ""))
    }
    return lines.joined(separator: "\n")
  }
}

extension DoctorReport.Left {
  /// How one that was not removed is described.
  fileprivate func exception(_ fixed: Bool) -> String {
    switch outcome {
    case .removed: ""
    case .restored: " (put back in its place)"
    case .kept: " (kept: the model in its place cannot be read either)"
    case nil: fixed ? " (not removed)" : ""
    }
  }
}
