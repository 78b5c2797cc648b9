import Foundation
import ZooImages
import ZooJSON
import ZooModels
import ZooRuntime

/// `/v1/embeddings`: texts and pictures, in the format of the embeddings API that most clients support.
struct EmbeddingsAPI: Sendable {
  private let shelf: ModelShelf
  private let limits: ServerLimits
  private let batcher: Batcher<String, Input, Output>

  private struct Input: Sendable {
    let texts: [String]
    let pictures: [Data]
  }

  private struct Output: Sendable {
    var texts: [[Float]] = []
    /// In the texts.
    var tokens = 0
    var pictures: [[Float]] = []
  }

  init(shelf: ModelShelf, queue: DispatchQueue, limits: ServerLimits) {
    (self.shelf, self.limits) = (shelf, limits)
    batcher = Batcher(queue, most: Self.mostItems, seconds: limits.workSeconds) { name, inputs, check in
      let model = try shelf.model(name)
      defer { shelf.endLoading(of: name) }
      return try Self.embed(inputs, model, limits) { layer in
        try check()
        if let layer { shelf.note(blocks: layer + 1, of: model) }
      }
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
    let found = try await batcher.submit(
      Input(texts: texts, pictures: pictures), key: name, weight: items.count, window: .milliseconds(5))
    var (left, seen) = (found.texts[...], found.pictures[...])
    let vectors = items.compactMap { $0.text == nil ? seen.popFirst() : left.popFirst() }.map(normalised)
    if let dimensions, let own = vectors.first?.count, dimensions != own {
      throw ServerError.badField("dimensions", reason: "the embeddings of \(name) have \(own)")
    }
    return try ServerResponse(Embeddings(name, vectors, asText: format == "base64", tokens: found.tokens))
  }

  /// Per request, and per group of requests that share their work.
  private static let mostItems = 64

  private struct Item {
    var text: String?
    var picture: Data?
  }

  private static func items(_ value: JSONValue) throws -> [Item] {
    if value.text != nil { return [Item(text: try Fields.text(value, "input", most: 2000))] }
    guard let list = value.array, (1...mostItems).contains(list.count) else {
      throw ServerError.badField("input", reason: "it is neither a text nor a list of 1 to 64 texts or pictures")
    }
    return try list.enumerated().map { place, value in
      let name = "input[\(place)]"
      guard var fields = Fields(value) else { return Item(text: try Fields.text(value, name, most: 2000)) }
      let picture = try fields.needed("image") { try $0.take("image").map { try Fields.picture($0, "\(name).image") } }
      try fields.finish()
      return Item(picture: picture)
    }
  }

  /// The result of each request; one that fails does not affect the others.
  ///
  /// - Parameter step: Called after each block of a pass with its number, and between texts with none; throwing ends the work.
  private static func embed(
    _ inputs: [Input], _ model: ZooModel, _ limits: ServerLimits, _ step: (Int?) throws -> Void
  ) throws -> [Result<Output, any Error>] {
    var outputs = inputs.map { _ in Result<Output, any Error>.success(Output()) }
    /// Processes items of the requests, by their places, a few at a time: memory does not grow with their number.
    func forSome<Item, Value>(
      _ items: [(place: Int, item: Item)], _ work: ([Item]) throws -> [Value], keep: (inout Output, Value) -> Void
    ) throws {
      for first in stride(from: 0, to: items.count, by: 8) {
        try step(nil)
        let some = items[first..<min(first + 8, items.count)].filter { (try? outputs[$0.place].get()) != nil }
        let together = Result { try work(some.map(\.item)) }
        for (number, one) in some.enumerated() {
          outputs[one.place] = outputs[one.place].flatMap { output in
            Result {
              // If one of them is invalid, the others still get their results.
              let value = try (try? together.get())?[number] ?? work([one.item])[0]
              var output = output
              keep(&output, value)
              return output
            }
          }
        }
      }
    }
    let all = inputs.enumerated()
    try forSome(all.flatMap { place, input in input.texts.map { (place, $0) } }) { texts in
      let tokenizer = try model.tokenizer()
      return try zip(texts, model.textEmbeddings(texts)).map { text, embedding in
        (embedding, min(tokenizer.pieces(text).count, tokenizer.contextLength))
      }
    } keep: { output, value in
      output.texts.append(value.0)
      output.tokens += value.1
    }
    let loader = Result { PictureLoader(preprocessing: try model.preprocessing, pixelLimit: limits.pixels) }
    try forSome(all.flatMap { place, input in input.pictures.map { (place, $0) } }) { files in
      let pictures = try files.map { file in
        try loader.get().load(try Picture.decode(file, name: "the picture", pixelLimit: limits.pixels)).input.tensor
      }
      return try model.imageEmbeddings(pictures) { try step($0) }
    } keep: {
      $0.pictures.append($1)
    }
    return outputs
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
