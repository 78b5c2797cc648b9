import ArgumentParser
import Foundation
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooTensors

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Shows a checkpoint's tensors, its layout and its architecture.")

  @Argument(help: "A checkpoint file, an index of shards, a folder with either, or - for standard input.")
  var file: String

  @OptionGroup var source: SourceOptions
  @OptionGroup var registryOptions: RegistryOptions

  @Flag(help: "Leave out the list of tensors.")
  var brief = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let checkpoint = try Checkpoint.openNamed(file, part: source.part)
    let headers = Headers(checkpoint)
    let model = Result { try identify(checkpoint, options: source.options, registry: try registryOptions.registry()) }
    let report = Report(checkpoint, headers: headers, model: model)
    if json { return try printJSON(report) }
    if !brief {
      var table = Table(["TENSOR", "DTYPE", "SHAPE", "BYTES"], right: [3])
      for tensor in report.tensors {
        table.add([tensor.name, tensor.dtype, "\(tensor.shape)", "\(tensor.bytes)"])
      }
      print(table.text + "\n")
    }
    print(report.text)
  }

  struct Report: Encodable {
    struct Tensor: Encodable {
      let name: String
      let dtype: String
      let shape: [Int]
      let bytes: Int
    }

    struct Layout: Encodable {
      let name: String
      let title: String
      let matches: Bool
      /// Why it does not match.
      let reasons: [String]
    }

    let container: String
    let files: [String]
    let tensors: [Tensor]
    let metadata: [String: String]
    let layouts: [Layout]
    /// `ARCHITECTURE:TAG`, if determined.
    let model: String?
    /// Why it is not determined, in one sentence.
    let undecided: String?
    let notes: [String]

    init(_ checkpoint: Checkpoint, headers: Headers, model: Swift.Result<IdentifiedModel, any Error>) {
      container = checkpoint.container.rawValue
      files = checkpoint.files
      tensors = checkpoint.entries.map {
        Tensor(name: $0.name, dtype: $0.dtype.rawValue, shape: $0.shape, bytes: $0.byteCount)
      }
      metadata = checkpoint.metadata
      layouts = CheckpointLayout.all.map { layout in
        let reasons = layout.mismatches(headers)
        return Layout(name: layout.name, title: layout.title, matches: reasons.isEmpty, reasons: reasons)
      }
      switch model {
      case .success(let model):
        self.model = model.name.description
        undecided = nil
        notes = model.notes
      case .failure(let error):
        self.model = nil
        undecided = Failure.sentence(for: error)?.replacing("\n  ", with: "; ") ?? "\(error)"
        notes = checkpoint.notes
      }
    }

    var text: String {
      let bytes = tensors.reduce(0) { $0 + $1.bytes }
      var lines = [
        "\(container), \(files.count == 1 ? "1 file" : "\(files.count) files"), \(tensors.count) tensors, \(byteText(bytes))"
      ]
      for layout in layouts {
        lines.append(
          layout.matches
            ? "  layout \(layout.name): yes, \(layout.title)"
            : "  layout \(layout.name): no, \(layout.reasons.joined(separator: "; "))")
      }
      lines += notes.map { "  note: \($0)" }
      if let model { lines.append("It is \(model).") }
      if let undecided { lines.append("Not settled: \(undecided).") }
      return lines.joined(separator: "\n")
    }
  }
}
