import Dispatch
import Foundation
import Synchronization
import ZooJSON
import ZooTensors

/// All known architectures and tags.
public struct Registry: Sendable {
  /// Sorted by name in the order people expect.
  public let manifests: [Manifest]
  private let byName: [String: Int]
  /// Why optional files were skipped, each as a clause.
  public let problems: [String]

  /// Reads manifest files.
  ///
  /// Throws a `ManifestError` that names the file and the field if one cannot be read, is impossible or registers a name a second time.
  public init(contentsOf files: [URL]) throws {
    try self.init(
      layers: [
        files.map { file in
          let path = file.path(percentEncoded: false)
          do throws(FileError) {
            return (path, try readFile(path, limit: Limits.descriptionBytes))
          } catch {
            throw ManifestError.unreadable(file: path, reason: error.reason)
          }
        }
      ])
  }

  /// This registry with the manifests of another one, which replace those with the same names.
  public func adding(_ other: Registry) -> Registry {
    let names = Set(other.byName.keys)
    let kept = manifests.filter { !names.contains($0.name.lowercased()) }
    return Registry(kept + other.manifests, problems: problems + other.problems)
  }

  /// Later layers override earlier ones by architecture name; names must be unique within a layer.
  ///
  /// - Parameter optional: Paths of files that form a layer after the first one; files that cannot be read are skipped.
  package init(layers: [[(file: String, json: Data)]], optional: [String] = []) throws {
    var all: [String: Manifest] = [:], problems: [String] = []
    for (index, layer) in layers.enumerated() {
      var seen: Set<String> = []
      func add(_ manifest: Manifest, _ file: String) throws {
        guard seen.insert(manifest.name.lowercased()).inserted else {
          throw ManifestError.duplicate(name: manifest.name, file: file)
        }
        all[manifest.name.lowercased()] = manifest
      }
      for (file, manifest) in zip(layer.map(\.file), try Self.read(layer)) { try add(manifest, file) }
      seen = []
      for file in index == 0 ? optional : [] {
        do {
          let json = try readFile(file, limit: Limits.descriptionBytes)
          try checkJSON(json, file: file, failure: ManifestError.self)
          try add(Manifest(json: json, file: file), file)
        } catch {
          problems.append("\(error)")
        }
      }
    }
    self.init(Array(all.values), problems: problems)
  }

  /// The same names and weights with other architectures, such as only one half of each.
  package func mapArchitectures(_ change: (Architecture) -> Architecture) -> Registry {
    Registry(
      manifests.map { manifest in
        var architecture = change(manifest.architecture)
        architecture.name = manifest.name
        return Manifest(architecture: architecture, weights: manifest.weights, verified: manifest.verified)
      }, problems: problems)
  }

  /// - Precondition: The names of the manifests differ.
  private init(_ manifests: [Manifest], problems: [String]) {
    self.problems = problems
    self.manifests = manifests.sorted { $0.name.standsBefore($1.name) }
    byName = Dictionary(uniqueKeysWithValues: self.manifests.enumerated().map { ($1.name.lowercased(), $0) })
  }

  /// Reads manifests on all processors: reading a hundred of them dominates the time of listing.
  private static func read(_ layer: [(file: String, json: Data)]) throws -> [Manifest] {
    let results = Mutex([Result<Manifest, any Error>?](repeating: nil, count: layer.count))
    DispatchQueue.concurrentPerform(iterations: layer.count) { index in
      let result = Result { try Manifest(json: layer[index].json, file: layer[index].file) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }

  /// The manifest of an architecture; case is ignored.
  public func manifest(_ name: String) -> Manifest? { byName[name.lowercased()].map { manifests[$0] } }

  /// Resolves `ARCHITECTURE` or `ARCHITECTURE:TAG`; `-` and `_` are equivalent in tags, as in open_clip.
  ///
  /// Throws a `RegistryError` with near misses if the name is unknown.
  public func resolve(_ reference: ModelName) throws(RegistryError) -> (manifest: Manifest, weights: PretrainedWeights?)
  {
    guard let manifest = manifest(reference.architecture) else {
      throw .unknownArchitecture(
        reference.architecture, near: nearest(to: reference.architecture, among: manifests.map(\.name)))
    }
    guard let tag = reference.tag else { return (manifest, nil) }
    guard let weights = manifest.weights.first(where: { ModelName.sameTag($0.tag, tag) }) else {
      throw .unknownTag(tag, architecture: manifest.name, known: manifest.weights.map(\.tag))
    }
    return (manifest, weights)
  }
}

/// `ARCHITECTURE[:TAG]`.
public struct ModelName: Sendable, Hashable, CustomStringConvertible {
  /// The architecture, such as `ViT-H-14`.
  public var architecture: String
  /// The tag, such as `laion2b_s32b_b79k`; nil if none is named.
  public var tag: String?

  /// Creates a name from its two parts, unchanged.
  public init(architecture: String, tag: String?) {
    self.architecture = architecture
    self.tag = tag
  }

  /// Parses `ViT-H-14` or `ViT-H-14:laion2b_s32b_b79k`, and OpenAI's spelling `ViT-L/14@336px` for `ViT-L-14-336`.
  public init(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let first = String(parts.first ?? "")
    architecture = Self.plain(first) ?? first
    tag = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
  }

  /// Whether a text is a name in OpenAI's spelling, with or without a tag, and not a path.
  package static func isSpelledAsOpenAIDoes(_ text: String) -> Bool {
    plain(String(text.prefix { $0 != ":" })) != nil
  }

  /// The architecture for a name in OpenAI's spelling; nil for other texts.
  private static func plain(_ text: String) -> String? {
    guard text.contains("/"),
      let match = text.wholeMatch(of: /(ViT-[A-Za-z]{1,8})\/([0-9]{1,3})(?:@([0-9]{1,4})px)?/.ignoresCase())
    else {
      return nil
    }
    return "\(match.1)-\(match.2)" + (match.3.map { "-\($0)" } ?? "")
  }

  public var description: String { tag.map { "\(architecture):\($0)" } ?? architecture }

  /// Whether two tags are the same: open_clip looks tags up in lower case, with `-` as `_`.
  package static func sameTag(_ a: String, _ b: String) -> Bool {
    func clean(_ tag: String) -> String { tag.lowercased().replacing("-", with: "_") }
    return clean(a) == clean(b)
  }
}

/// Why a name does not resolve to a model.
public enum RegistryError: ZooError, Equatable {
  /// No manifest has this name; `near` holds similar names.
  case unknownArchitecture(String, near: [String])
  /// The architecture has no such weights.
  case unknownTag(String, architecture: String, known: [String])

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .unknownArchitecture(let name, let near):
      "no architecture is called '\(name)'" + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")
    case .unknownTag(let tag, let architecture, let known):
      "\(architecture) has no weights tagged '\(tag)'; " + Self.instead(of: tag, known)
    }
  }
}

extension RegistryError {
  private static func instead(of tag: String, _ known: [String]) -> String {
    let near = nearest(to: tag, among: known)
    if known.isEmpty { return "none are registered" }
    return near.isEmpty ? "it has \(known.joined(separator: ", "))" : "did you mean \(near.joined(separator: ", "))?"
  }
}

/// Up to three candidates within a few edits of a name, nearest first.
package func nearest(to name: String, among candidates: [String]) -> [String] {
  let target = Array(name.lowercased().unicodeScalars)
  let scored = candidates.compactMap { candidate -> (Int, String)? in
    let distance = editDistance(target, Array(candidate.lowercased().unicodeScalars))
    return distance <= max(3, target.count / 3) ? (distance, candidate) : nil
  }
  return scored.sorted { $0 < $1 }.prefix(3).map(\.1)
}

private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let cost = min(diagonal + (x == y ? 0 : 1), row[j] + 1, row[j + 1] + 1)
      diagonal = row[j + 1]
      row[j + 1] = cost
    }
  }
  return row[b.count]
}
