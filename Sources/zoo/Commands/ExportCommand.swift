import ArgumentParser
import Foundation
import ZooConvert
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Exports a model in another tool's format, with its configuration files.",
    discussion: """
      A folder gets weights, configuration and tokenizer; a path that ends in .safetensors or .npz (big-vision) gets only the \
      weights. The result is read back to prove that converting it again would give the same model, bit for bit.
      """)

  @Argument(help: "A converted model: its name or directory.", completion: .installedModels)
  var model: String

  @Option(help: "The tool whose layout to write.")
  var layout: ExportFormat

  @Option(
    name: [.short, .customLong("output")], help: ArgumentHelp("A folder to create, or a file.", valueName: "path"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Split safetensors into files of at most this size, such as 5GB or 900MB, with an index. Default for transformers: "
        + "5GB; open_clip and timm only read a single file.", valueName: "size"))
  var maxShard: ByteSize?

  @Option(help: "Element type of the weights.")
  var dtype: TargetDType = .keep

  @Flag(help: "Replace existing output.")
  var force = false

  @Flag(help: "Print only errors to standard error.")
  var quiet = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let directory = try ModelStore().resolve(model)
    let description = try ModelDescription.read(from: directory)
    var options = ExportOptions()
    options.dtype = dtype
    options.replacing = force
    let isFile = output.hasSuffix(".safetensors") || output.hasSuffix(".npz")
    options.maxShard = maxShard?.bytes ?? (layout == .transformers && !isFile ? 5_000_000_000 : nil)
    let parent = URL(filePath: output).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw CallError.unwritable(parent.path(percentEncoded: false), reason: systemReason(of: error))
    }
    let report = try Interruption.removing(ConversionWork.removeAll) {
      var bars: [ConversionProgress.Phase: Progress] = [:]
      defer { bars.values.forEach { $0.finish() } }
      return try export(
        description, in: directory.path(percentEncoded: false), as: layout, to: output, options: options
      ) { step in
        let label = step.phase == .writing ? "writing  " : "verifying"
        let bar = bars[step.phase] ?? Progress(label, total: step.bytesTotal, quiet: quiet, unit: byteText)
        bars[step.phase] = bar
        bar.update(step.bytesDone, step.tensor)
      }
    }
    let result = Report(
      model: description.name.description, layout: report.layout, path: output, files: report.files,
      tensors: report.tensors, bytes: report.bytes, notes: report.notes)
    if json { return try printJSON(result) }
    print(result.text)
  }

  struct Report: Encodable {
    let model: String
    let layout: String
    let path: String
    let files: [String]
    let tensors: Int
    let bytes: Int
    let notes: [String]

    var text: String {
      let first = ["\(model)  as \(layout)", "  \(tensors) tensors, \(byteText(bytes)), read back and compared"]
      return (first + notes.map { "  note: \($0)" } + files.map { $0 == path ? "  \($0)" : "  \(path)/\($0)" })
        .joined(separator: "\n")
    }
  }
}

/// A size in bytes as people write it: 5GB, 900MB, 123456.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let text = argument.uppercased()
    let units = ["GB": 1_000_000_000, "MB": 1_000_000, "KB": 1000, "B": 1]
    let unit = units.keys.sorted { $0.count > $1.count }.first(where: text.hasSuffix)
    guard let number = Double(text.dropLast(unit?.count ?? 0)), number * Double(units[unit ?? "B"] ?? 1) >= 1,
      let bytes = Int(exactly: (number * Double(units[unit ?? "B"] ?? 1)).rounded())
    else { return nil }
    self.bytes = bytes
  }
}

extension ExportFormat: ExpressibleByArgument {}
