import Foundation
import ZooImages
import ZooModels
import ZooRuntime

/// `/v1/embeddings`: texts and pictures, in the shapes of the embeddings API that most clients speak.
struct EmbeddingsAPI: Sendable {
  private let shelf: ModelShelf
  private let limits: ServerLimits
  private let batcher: Batcher<Input, Output>

  private struct Input: Sendable {
    let model: String
    let texts: [String]
    /// `[count]`: all of one size.
    let pictures: [Data]
  }

  private typealias Output = Result<(texts: [[Float]], tokens: Int, pictures: [[Float]]), any Error>

  init(shelf: ModelShelf, queue: WorkQueue, limits: ServerLimits) {
    (self.shelf, self.limits) = (shelf, limits)
    batcher = Batcher(queue, most: 16) { inputs in
      var outputs = [Output?](repeating: nil, count: inputs.count)
      // Requests for one model share its passes.
      for (name, places) in Dictionary(grouping: inputs.indices, by: { inputs[$0].model }) {
        let results = Self.embed(places.map { inputs[$0] }, Result { try shelf.model(name) }, limits)
        for (place, result) in zip(places, results) { outputs[place] = result }
      }
      return outputs.map { $0 ?? .failure(CancellationError()) }
    }
  }

  func answer(_ request: ServerRequest) async throws -> ServerResponse {
    var fields = try Fields(request)
    let name = try shelf.name(of: fields.needed("model") { try $0.text("model", most: 200) })
    let items = try Self.items(try fields.needed("input") { $0.take("input") })
    let format = try fields.text("encoding_format", most: 20) ?? "float"
    let dimensions = try fields.whole("dimensions")
    _ = try fields.text("user", most: 200)
    try fields.finish()
    guard ["float", "base64"].contains(format) else {
      throw ServerError.badField("encoding_format", reason: "it is neither float nor base64")
    }
    let texts = items.compactMap(\.text), pictures = items.compactMap(\.picture)
    let found = try await batcher.submit(Input(model: name, texts: texts, pictures: pictures)).get()
    var (left, seen) = (found.texts[...], found.pictures[...])
    let vectors = items.compactMap { $0.text == nil ? seen.popFirst() : left.popFirst() }.map(normalised)
    if let dimensions, let own = vectors.first?.count, dimensions != own {
      throw ServerError.badField("dimensions", reason: "the embeddings of \(name) have \(own)")
    }
    return try ServerResponse(Embeddings(name, vectors, asText: format == "base64", tokens: found.tokens))
  }

  private struct Item {
    var text: String?
    var picture: Data?
  }

  private static func items(_ value: Any) throws -> [Item] {
    if value is String { return [Item(text: try Fields.text(value, "input", most: 2000))] }
    guard let list = value as? [Any], (1...64).contains(list.count) else {
      throw ServerError.badField("input", reason: "it is neither a text nor a list of 1 to 64 texts or pictures")
    }
    return try list.enumerated().map { place, value in
      let name = "input[\(place)]"
      guard let object = value as? [String: Any] else { return Item(text: try Fields.text(value, name, most: 2000)) }
      var fields = Fields(object)
      let picture = try fields.needed("image") { try $0.take("image").map { try Fields.picture($0, "\(name).image") } }
      try fields.finish()
      return Item(picture: picture)
    }
  }

  /// What each request gets; one that cannot be answered holds up no other.
  private static func embed(_ inputs: [Input], _ model: Result<Model, any Error>, _ limits: ServerLimits) -> [Output] {
    let pictures = inputs.map { input in
      Result {
        let loader = PictureLoader(preprocessing: try model.get().preprocessing, pixelLimit: limits.pixels)
        return try input.pictures.map {
          loader.load(try Image.decode($0, name: "the picture", pixelLimit: limits.pixels)).input.tensor
        }
      }
    }
    let good = pictures.map { (try? $0.get()) ?? [] }
    var together: [[Float]] = []
    let failure = Result { together = try model.get().imageEmbeddings(good.flatMap(\.self)) }
    var rest = together[...]
    return zip(inputs, pictures).map { input, loaded in
      Result {
        let own = try input.pictures.isEmpty ? [] : loaded.get()
        if !own.isEmpty { try failure.get() }
        let embeddings = Array(rest.prefix(own.count))
        rest = rest.dropFirst(own.count)
        let model = try model.get()
        guard !input.texts.isEmpty else { return ([], 0, embeddings) }
        let tokenizer = try model.tokenizer()
        let tokens = input.texts.reduce(0) { $0 + min(tokenizer.pieces($1).count, tokenizer.contextLength) }
        return (try model.textEmbeddings(input.texts), tokens, embeddings)
      }
    }
  }
}

private struct Embeddings: Encodable {
  let object = "list"
  let model: String
  let data: [Entry]
  let usage: Usage

  struct Usage: Encodable {
    let promptTokens: Int
    let totalTokens: Int
  }

  struct Entry: Encodable {
    let object = "embedding"
    let index: Int
    let embedding: Vector
  }

  enum Vector: Encodable {
    case numbers([Float])
    /// Little-endian f32, base64.
    case text(String)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .numbers(let values): try container.encode(values)
      case .text(let text): try container.encode(text)
      }
    }
  }

  init(_ model: String, _ vectors: [[Float]], asText: Bool, tokens: Int) {
    self.model = model
    data = vectors.enumerated().map { place, vector in
      Entry(
        index: place,
        embedding: asText
          ? .text(vector.withUnsafeBytes { Data($0) }.base64EncodedString()) : .numbers(vector))
    }
    usage = Usage(promptTokens: tokens, totalTokens: tokens)
  }
}
