import ArgumentParser
import Foundation
import ZooCheckpoints
import ZooConvert
import ZooImages
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors
import ZooText

/// The one place where errors become sentences and exit codes: 1 failure or failed check, 2 invalid input. Errors of the argument parser keep its own
/// code.
enum Failure {
  static func exit(with error: any Error) -> Never {
    guard !(error is ExitCode), !(error is CleanExit), let sentence = sentence(for: error) else {
      exitAsParsed(error)
    }
    Terminal.error(sentence)
    // No more output is possible, and the error has already been printed.
    if case CallError.outputLost = error { _exit(code(of: error)) }
    // Programs that read the JSON find the error there as well.
    if CommandLine.arguments.contains("--json") { try? printJSON(ErrorReport(sentence)) }
    Output.leave(code(of: error))
  }

  /// The output of `--json` if there is only an error.
  private struct ErrorReport: Encodable {
    let schema = 1
    let errors: [[String: String]]

    init(_ sentence: String) { errors = [["error": sentence]] }
  }

  /// Like the argument parser's own `exit(withError:)`, but output that cannot be written is an error.
  private static func exitAsParsed(_ error: any Error) -> Never {
    let message = Zoo.fullMessage(for: error), code = Zoo.exitCode(for: error).rawValue
    if code == 0 {
      Swift.print(BashCompletion.completing(message) ?? message)
    } else if let unknown = unknownCommand {
      let near = nearest(to: unknown, among: Zoo.configuration.subcommands.map { $0._commandName })
      Terminal.error(
        "there is no command '\(printable(unknown))'"
          + (near.isEmpty ? "; zoo --help lists all commands" : "; did you mean \(near.joined(separator: ", "))?"))
    } else if !message.isEmpty {
      Terminal.note(message)
    }
    Output.leave(code)
  }

  /// The first word of the call, if a command is expected and this is not one.
  private static var unknownCommand: String? {
    let names = Zoo.configuration.subcommands.map { $0._commandName } + ["help"]
    return CommandLine.arguments.dropFirst().first.flatMap { $0.hasPrefix("-") || names.contains($0) ? nil : $0 }
  }

  static func code(of error: any Error) -> Int32 {
    (error as? any ZooError)?.blame == .input ? 2 : 1
  }

  /// One sentence, with the remedy if there is one; nil for the argument parser's own errors.
  static func sentence(for error: any Error) -> String? {
    switch error {
    case let error as any ZooError:
      var remedy = remedy(for: error)
      if remedy.isEmpty, error.blame == .input, hasRepairedName {
        remedy = "a name is not valid UTF-8; rename the file"
      }
      return printable(error.description) + (remedy.isEmpty ? "" : "\n  \(remedy)")
    case let error as CocoaError:
      let path = error.filePath ?? error.url?.path(percentEncoded: false)
      let reason = systemReason(of: error)
      return path.map { "\($0): \(reason)" } ?? reason
    default: return nil
    }
  }

  /// Swift has repaired names that are not UTF-8, so that they do not lead to the file.
  private static var hasRepairedName: Bool {
    CommandLine.arguments.contains { $0.contains("\u{FFFD}") && access($0, F_OK) != 0 }
  }

  /// How to install a model that is missing.
  private static func bringing(_ name: String) -> String {
    let fallback = "'zoo list --installed' shows what is here; 'zoo convert FILE' brings a model in"
    let manifest: Manifest, weights: PretrainedWeights?
    do {
      (manifest, weights) = try RegistryOptions.registry().resolve(ModelName(name))
    } catch let error as RegistryError {
      if case .unknownArchitecture(_, near: []) = error { return fallback }
      return "it cannot be pulled either: \(error)"
    } catch {
      return fallback
    }
    if let reason = manifest.architecture.unsupported { return "it is registered, but does not run: \(reason)" }
    let tags = weights.map { [$0.tag] } ?? manifest.weights.map(\.tag)
    switch tags.count {
    case 0: return fallback
    case 1: return "'zoo pull \(manifest.name):\(tags[0])' fetches it; 'zoo convert FILE' takes a file that is here"
    case 2...6: return "'zoo pull \(manifest.name):TAG' fetches it, with a tag of \(tags.joined(separator: ", "))"
    default:
      return "'zoo pull \(manifest.name):TAG' fetches it; 'zoo show \(manifest.name)' lists its \(tags.count) tags"
    }
  }

  private static func remedy(for error: CheckpointError) -> String {
    switch error.rule {
    case .isGitLFSPointer: "'git lfs pull' in its folder fetches the file; so does 'zoo pull hf://OWNER/REPOSITORY'"
    case .isXetPointer: "'zoo pull hf://OWNER/REPOSITORY' fetches the file"
    case .isWebPage, .isXML, .isText:
      "a server may have sent it instead of a file that was not found or needs a login: fetch it again"
    case .headerTooShort, .headerBeyondFile, .dataMissing, .zipEnd, .pickleTruncated, .empty:
      "the download may have stopped early: fetch it again ('zoo pull' continues where it stopped)"
    case .foreignFormat, .unknownContainer, .zipUnknownContent:
      "'zoo convert' reads safetensors, PyTorch and NPZ files: give the model in one of these"
    case .shardMissing: "fetch all shards into one folder, and give the folder"
    case .severalCheckpointsInFolder: "give one of these files"
    case .noCheckpointInFolder where error.found != nil: "give one of these folders"
    case .severalStateDicts: "choose one with --part NAME"
    case .noSuchPart: "'zoo inspect FILE' lists the names of the tensors"
    case .torchBarePickle: "save it with torch.save(model.state_dict(), FILE)"
    case .torchNotAStateDict, .torchOpaqueTensor: "save the weights alone, with torch.save(model.state_dict(), FILE)"
    default: ""
    }
  }

  private static func remedy(for error: any ZooError) -> String {
    switch error {
    case let error as CheckpointError: remedy(for: error)
    case ConvertError.unknownLayout(_, let diagnosis): diagnosis.remedy
    case StoreError.notInstalled(let name, _): bringing(name)
    case StoreError.ambiguous: "name the tag as well, as in the list"
    case StoreError.notAModel: "give a directory that 'zoo convert' wrote, or ARCHITECTURE:TAG"
    case StoreError.claimed: "give the folder in place of the name"
    case StoreError.broken(let name, _): "'zoo rm \(name)' removes it; convert or pull it again"
    case StoreError.link: "remove the link itself, or name what it leads to"
    case ConvertError.otherModelType, ConvertError.otherConfiguration:
      "--as ARCHITECTURE:TAG or --config FILE says what the model is"
    case ConvertError.notReplaced: "choose a different place, or move away what is there"
    case StoreError.outside: "'zoo rm' removes models of the zoo by name; remove other folders yourself"
    case StoreError.lockFailed, StoreError.notRemoved, PullError.unwritable:
      "make sure that the folder is writable, or set ZOO_HOME to a different one"
    case PullError.tagNeeded: "name one, as in 'zoo pull ARCHITECTURE:TAG'"
    case PullError.badReference: "give ARCHITECTURE:TAG, hf://OWNER/REPOSITORY[@REVISION][/FILE] or a URL"
    case PullError.notAllowed(_, sentToken: false):
      "check its name, or set HF_TOKEN to a token from https://huggingface.co/settings/tokens"
    case PullError.notAllowed: "set HF_TOKEN to a valid token from https://huggingface.co/settings/tokens"
    case PullError.gated(_, _, sentToken: false):
      "accept its terms on its page at the hub, then set HF_TOKEN to a token from https://huggingface.co/settings/tokens"
    case PullError.gated: "accept its terms on its page at the hub, with the account of the token in HF_TOKEN"
    case PullError.noCheckpoint: "name the file, as in hf://OWNER/REPOSITORY/FILE"
    case PullError.offline: "unset HF_HUB_OFFLINE, or set HF_HUB_CACHE to the cache that has it"
    case PullError.unreachable, PullError.badStatus, PullError.rateLimited:
      "try again later: what was fetched is kept, and 'zoo pull' continues from there"
    case PullError.proxy(_, let variable, let host, _):
      "set \(variable ?? "https_proxy") to http://[USER:PASSWORD@]HOST:PORT, or add \(host) to NO_PROXY to go without a proxy"
    case PullError.untrusted:
      "check that the clock is right and the system's certificates are installed (ca-certificates); if your organisation inspects "
        + "connections, SSL_CERT_FILE names a file with its certificates"
    case PullError.wrongSize, PullError.wrongDigest, PullError.changing: "try again: it will start from the beginning"
    case PullError.tooLarge: "--max-size allows more, as in --max-size 50GB"
    case PullError.noSpace:
      "free some space ('zoo du' shows what the zoo uses), or set ZOO_HOME to a folder on another disk"
    case RegistryError.unknownArchitecture, RegistryError.unknownTag: "'zoo list' shows all registered ones"
    case ModelError.missingTensor, ModelError.wrongTensor, ModelError.notAModel:
      "convert the checkpoint again with 'zoo convert'"
    case ModelError.noText(_, .classifier):
      "'zoo explain' takes --class NAME or INDEX in place of prompts, and without it explains the best classes"
    case ModelError.noText(_, _):
      "give --embeddings FILE.npy with embeddings of prompts from its text tower, or join the two with "
        + "'zoo convert IMAGE_TOWER --text TEXT_TOWER'"
    case ModelError.noImages:
      "join it to its image tower with 'zoo convert IMAGE_TOWER --text TEXT_TOWER', with the files that they came from"
    case ConvertError.outputExists:
      "give it another name with --as ARCHITECTURE:TAG, another folder with --output, or replace what is there with --force"
    case ConvertError.undecided(_, _, candidates: let names, _) where !names.isEmpty:
      "for a fine-tune of one of these, --as ARCHITECTURE:MY-TAG --like TAG keeps its own name"
    case PictureError.tooLarge: "--max-pixels N raises the limit; at three bytes a pixel and more, that takes memory"
    case PictureError.unsupportedFormat(_, let format) where format.needsMoreFormats:
      "convert it to PNG or JPEG first; 'make' builds a zoo that reads it where giflib, libtiff, libheif and libavif are "
        + "installed"
    case PictureError.unsupportedFormat, PictureError.unsupported: "convert it to PNG or 8-bit JPEG first"
    case TextError.missing: "put the tokenizer's files there, or give --tokenizer FOLDER to zoo convert"
    case ModelError.brokenEmbedding: "'zoo convert --no-probe' converts it anyway"
    default: ""
    }
  }
}
