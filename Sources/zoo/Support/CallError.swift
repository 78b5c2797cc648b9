import ZooModels
import ZooTensors

/// An invalid call that the argument parser cannot detect.
enum CallError: ZooError, Equatable {
  case blankPrompt(Int)
  case noPrompts
  case promptsAndEmbeddings
  case noPictures
  case noClasses
  case oneMethod
  case noImages(String, skipped: [String])
  case badSize(String)
  case sizeAboveLimit(String, limit: Int)
  case sizeBelowPatch(GridSize, patch: Int)
  case tooManyPatches(GridSize, patch: Int)
  case fixedSize(model: String)
  case unreadable(file: String, reason: String)
  case unwritable(String, reason: String)
  /// Standard output is full or closed.
  case outputLost(reason: String)
  case badCorrection(String, reason: String)
  case badTable(file: String, line: Int, reason: String)
  case picturesTwice(file: String)
  case wouldOverwrite(String)
  case oneFile(String, results: Int)
  case wrongEnding(String, needed: String)
  case ignored(option: String, reason: String)
  case unknownFamily(String, known: [String])

  var blame: Blame {
    if case .outputLost = self { .work } else { .input }
  }

  var description: String {
    switch self {
    case .blankPrompt(let number): "prompt \(number) is blank; write what to look for, as in -p \"a photo of a cat\""
    case .noPrompts: "there is no prompt; add -p \"a photo of a cat\" or --prompts FILE"
    case .promptsAndEmbeddings: "--embeddings replaces prompts: give only one of the two"
    case .noPictures: "there is no picture; name files or folders, or '-' for standard input"
    case .noClasses: "a classifier has classes and no prompts; name them with --class NAME"
    case .oneMethod: "a comparison needs at least two methods; name them as in --method legrad,gradcam"
    case .noImages(let folder, let skipped):
      "\(folder) holds no pictures" + (skipped.isEmpty ? "" : ": \(listed(skipped, "file", "files")) of other kinds")
    case .unknownFamily(let name, let known):
      "no family is called '\(name)'; there are \(known.joined(separator: ", "))"
    case .badSize(let text): "'\(text)' is not a size; write --size 448 or --size 336x448 (height x width)"
    case .sizeAboveLimit(let text, let limit): "--size \(text) is too large: a side has at most \(limit) pixels"
    case .sizeBelowPatch(let size, let patch):
      "a picture of \(size) holds no patch of \(patch) pixels; take a larger --size"
    case .tooManyPatches(let size, let patch):
      "a picture of \(size) has more than \(Limits.patches.upperBound) patches of \(patch) pixels; take a smaller --size"
    case .fixedSize(let model):
      "\(model) is not a NaFlex model, whose pictures have sizes of their own: take another size with --size"
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
    case .outputLost(let reason): "standard output cannot be written: \(reason)"
    case .badCorrection(let text, let reason): "--correct '\(text)': \(reason)"
    case .badTable(let file, let line, let reason): "\(file), line \(line): \(reason)"
    case .picturesTwice(let file): "\(file) names the pictures; leave them out of the call"
    case .wouldOverwrite(let file): "\(file) is one of the pictures to read; write the results elsewhere with -o"
    case .oneFile(let file, results: 0):
      "\(file) would stay empty: this call makes no file; leave out -o, or --no-overlays"
    case .oneFile(let file, let results):
      "\(file) can hold one result, but this call makes \(results); give -o a folder, or leave overlays out with "
        + "--no-overlays"
    case .wrongEnding(let file, let needed):
      "\(file) cannot be written: this result is written as \(needed.uppercased()); end its name in .\(needed), or give "
        + "-o a folder"
    case .ignored(let option, let reason): "\(option) has no effect here: \(reason)"
    }
  }
}

/// A count and the first few names: "3 files: a, b, c".
func listed(_ names: [String], _ one: String, _ many: String, atMost: Int = 3) -> String {
  let shown = names.prefix(atMost).joined(separator: ", ")
  let more = names.count > atMost ? " and \(names.count - atMost) more" : ""
  return "\(names.count) \(names.count == 1 ? one : many) (\(shown)\(more))"
}
