/// What a listing shows about an architecture. The build computes the summaries of the built-in manifests, so that listing reads none of them.
package struct ManifestSummary: Sendable, Hashable {
  package var name: String
  package var family: Family
  package var part: ModelPart
  /// Nil for a text tower alone, like the four below.
  package var pooler: String?
  package var image: GridSize?
  package var patch: Int?
  package var layers: Int?
  package var width: Int?
  package var embedding: Int
  package var parameters: Int
  package var unsupported: String?
  /// Nil if the model has no text tower, like the one below.
  package var tokenizer: String?
  /// The number of tokens in a prompt.
  package var context: Int?
  package var verified: Verification?
  package var tags: [Tag]

  /// What a listing shows about a set of weights.
  package struct Tag: Sendable, Hashable {
    package var tag: String
    package var repository: String?
    package var license: String?
    package var languages: String?
    /// Other repositories that have the same weights.
    package var mirrors: [String]
  }

  package init(_ architecture: Architecture) {
    let vision = architecture.vision
    name = architecture.name
    family = architecture.family
    part = architecture.part
    pooler = vision?.pooler.name
    image = vision?.image
    patch = vision?.patch
    layers = vision?.depth
    width = vision?.blocks.width
    embedding = architecture.embedding
    parameters = architecture.parameterCount
    unsupported = architecture.unsupported
    tokenizer = architecture.text?.tokenizer.kind.rawValue
    context = architecture.text?.contextLength
    tags = []
  }

  package init(_ manifest: Manifest) {
    self.init(manifest.architecture)
    verified = manifest.verified
    tags = manifest.weights.map {
      Tag(
        tag: $0.tag, repository: $0.repository, license: $0.license, languages: $0.languages,
        mirrors: $0.mirrors.map(\.repository))
    }
  }
}

extension ManifestSummary {
  /// All fields in one line, separated by tabs; empty if there is no value. Text that contains a separator does not survive.
  package var line: String {
    let numbers = [image?.height, image?.width, patch, layers, width, embedding, parameters, context]
    let weights = tags.map { tag in
      [tag.tag, tag.repository ?? "", tag.license ?? "", tag.languages ?? "", tag.mirrors.joined(separator: " ")]
        .joined(separator: ";")
    }
    return
      ([name, family.rawValue, part.rawValue, pooler ?? "", unsupported ?? "", tokenizer ?? ""]
      + numbers.map { $0.map(String.init) ?? "" }
      + [verified == nil ? "" : "1", verified?.golden ?? "", verified?.shapes ?? ""]
      + [verified?.facts.joined(separator: ";") ?? "", weights.joined(separator: "|")]).joined(separator: "\t")
  }

  /// Nil for a line of a different form.
  package init?(line: Substring) {
    func list(_ text: Substring, _ separator: Character) -> [String] {
      text.isEmpty ? [] : text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 19, let part = ModelPart(rawValue: String(fields[2])), let embedding = Int(fields[11]),
      let parameters = Int(fields[12])
    else { return nil }
    func text(_ index: Int) -> String? { fields[index].isEmpty ? nil : String(fields[index]) }
    name = String(fields[0])
    family = Family(rawValue: String(fields[1]))
    self.part = part
    (pooler, unsupported, tokenizer) = (text(3), text(4), text(5))
    if let height = Int(fields[6]), let width = Int(fields[7]) { image = GridSize(height: height, width: width) }
    (patch, layers, width) = (Int(fields[8]), Int(fields[9]), Int(fields[10]))
    (self.embedding, self.parameters, context) = (embedding, parameters, Int(fields[13]))
    if !fields[14].isEmpty {
      verified = Verification(golden: text(15), shapes: text(16), facts: list(fields[17], ";"))
    }
    tags = []
    for weights in list(fields[18], "|") {
      let parts = weights.split(separator: ";", omittingEmptySubsequences: false)
      guard parts.count == 5 else { return nil }
      func part(_ index: Int) -> String? { parts[index].isEmpty ? nil : String(parts[index]) }
      tags.append(
        Tag(
          tag: String(parts[0]), repository: part(1), license: part(2), languages: part(3), mirrors: list(parts[4], " ")
        )
      )
    }
  }
}
