import ArgumentParser
import CZooKernels
import Foundation
import ZooModels
import ZooRuntime
import ZooStore

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Shows the environment, what computes, and the health of the zoo.",
    discussion: "Ends with 1 where an installed model cannot be used. 'zoo verify' reads the weights as well.")

  @Flag(help: "Remove what stopped processes have left.")
  var fix = false

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let store = ModelStore()
    let leftovers = store.leftovers()
    // What cannot be removed keeps nothing else from going.
    let outcomes = fix ? leftovers.map { left in Result { () throws(StoreError) in try store.remove(left) } } : []
    let report = DoctorReport(store, leftovers: leftovers, outcomes: outcomes.map { try? $0.get() }, fixed: fix)
    if json { try printJSON(report) } else { print(report.text) }
    for case .failure(let error) in outcomes { throw error }
    if report.models.contains(where: { !$0.defects.isEmpty }) { throw ExitCode(1) }
  }
}

/// What `zoo doctor` says. Fields are only ever added.
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
    /// Seconds since it was last written to.
    let age: Int?
    /// With `--fix`: removed, restored, or kept since neither it nor the model in its place can be read; null where it failed.
    let outcome: Leftover.Outcome?
  }

  let version: String
  let system: String
  let processor: Processor
  let threads: Int
  /// The library behind the matrix products by default, with its kernel and precision.
  let backend: String
  /// What else may be asked for.
  let otherBackends: [String]
  /// The instruction set of our own kernels.
  let kernels: String
  /// Variables that count; a token is only said to be set.
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
    processor = Processor()
    threads = Parallel(threads: nil).threads
    // Automatic comes first, and stands for one of the others.
    let names = Backend.available.flatMap { backend in
      Precision.allCases.compactMap { try? makeAlgebra(backend: backend, precision: $0).name }
    }
    backend = names[0]
    otherBackends = names.indices.dropFirst().filter { !names[..<$0].contains(names[$0]) }.map { names[$0] }
    kernels = String(cString: zoo_kernel_name())
    environment = Self.environment(ProcessInfo.processInfo.environment)
    home = store.home.path(percentEncoded: false)
    var place = store.home
    while !FileManager.default.fileExists(atPath: place.path), place.path.count > 1 { place.deleteLastPathComponent() }
    freeBytes =
      freeSpace(place.path)
    models =
      store.installed().compactMap { model in
        let defects = model.verify(headersOnly: true).map(\.description)
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
    // These may hold secrets.
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
        "OPENBLAS_CORETYPE=\(type) keeps OpenBLAS from choosing kernels for this processor; unset it where speed counts."
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
      "  threads    \(threads)",
      "  products   \(([backend] + otherBackends).joined(separator: ", "))",
      "  kernels    \(kernels)",
      "  zoo        \(home)" + (freeBytes.map { ", \(byteText($0)) free" } ?? ""),
    ]
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
    guard !leftovers.isEmpty else { return (lines + ["nothing was left by stopped processes"]).joined(separator: "\n") }
    let bytes = byteText(leftovers.reduce(0) { $0 + $1.bytes })
    lines.append(fixed ? "removed what stopped processes had left, \(bytes):" : "left by stopped processes, \(bytes):")
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
  /// What is said of one that was not removed.
  fileprivate func exception(_ fixed: Bool) -> String {
    switch outcome {
    case .removed: ""
    case .restored: " (put back in its place)"
    case .kept: " (kept: the model in its place cannot be read either)"
    case nil: fixed ? " (not removed)" : ""
    }
  }
}

/// What the system tells of the processor.
struct Processor: Encodable {
  let name: String
  /// Instruction sets that matter here.
  let features: [String]

  init() {
    #if os(Linux)
      let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      func value(_ keys: String...) -> String? {
        text.split(separator: "\n").lazy.compactMap { line -> String? in
          let pair = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
          return pair.count == 2 && keys.contains(pair[0]) ? pair[1] : nil
        }.first
      }
      name = value("model name", "Model", "Hardware") ?? "unknown"
      let all = Set((value("flags", "Features") ?? "").split(separator: " ").map(String.init))
      features = Self.known.filter(all.contains)
    #else
      var size = 0
      sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
      var bytes = [UInt8](repeating: 0, count: size)
      sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0)
      name = size > 0 ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : "unknown"
      features = []
    #endif
  }

  private static let known = [
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_bf16", "asimd", "asimdhp", "bf16", "i8mm", "sve",
  ]
}
