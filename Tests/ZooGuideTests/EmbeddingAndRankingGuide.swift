import Foundation
import Testing
import Zoo

/// Finds the pictures of a folder that fit a prompt best.
struct ImageSearch {
  let model: ZooModel
  let files: [URL]
  let embeddings: [EmbeddingVector]

  init(_ folder: URL, model: ZooModel) async throws {
    self.model = model
    files = try FileManager.default
      .contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { ["jpg", "png", "webp"].contains($0.pathExtension) }
      .sorted { $0.path < $1.path }
    let pictures = try files.map { try Picture(contentsOf: $0) }
    embeddings = try await model.embed(pictures)
  }

  /// The best pictures for a prompt, best first.
  func best(
    _ count: Int, for prompt: String
  ) async throws -> [(file: URL, similarity: Float)] {
    let query = try await model.embed([prompt])[0]
    let found = zip(files, embeddings).map { file, embedding in
      (file: file, similarity: query.similarity(to: embedding))
    }
    return Array(found.sorted { $0.similarity > $1.similarity }.prefix(count))
  }
}

/// The code in EmbeddingAndRanking.md.
@Suite struct EmbeddingAndRankingGuide {
  @Test func theSearchFindsTheCrab() async throws {
    let zoo = try await DemoZoo(), model = try await zoo.open(), folder = DemoZoo.scenes

    let search = try await ImageSearch(folder, model: model)
    for hit in try await search.best(3, for: "a photo of a crab") {
      print(hit.file.lastPathComponent, hit.similarity)
    }

    // The crab is only in scene 6; masks are in the same folder.
    let best = try await search.best(3, for: "a photo of a crab")
    #expect(best.map(\.file.lastPathComponent).first == "scene6.jpg")
    #expect(best[0].similarity > best[1].similarity && best.count == 3)
  }

  @Test func embeddingsOnDiskAreSearched() async throws {
    let zoo = try await DemoZoo(), model = try await zoo.open()
    let folder = zoo.store.home.appending(path: "pictures"), embeddings = zoo.store.home.appending(path: "embeddings")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for number in 1...6 {
      try FileManager.default.copyItem(at: DemoZoo.scene(number), to: folder.appending(path: "scene\(number).jpg"))
    }
    try Data("no picture".utf8).write(to: folder.appending(path: "broken.png"))

    let unread = try await model.embed(files: [folder], into: embeddings) { done, total in
      print(done, "of", total)
    }
    let search = try EmbeddingSearch(contentsOf: embeddings, madeBy: model)
    let query = try await model.embed(["a photo of a crab"])[0]
    for hit in try await search.nearest(to: query, count: 3) {
      print(hit.path ?? hit.id, hit.similarity)
    }

    #expect(unread.map(\.path) == [folder.appending(path: "broken.png").path])
    let hits = try await search.nearest(to: query, count: 3)
    #expect(search.count == 6 && hits.map(\.id).first == "scene6")
    // The same pictures, embedded in memory.
    let best = try await ImageSearch(DemoZoo.scenes, model: model).best(1, for: "a photo of a crab")
    #expect(abs(best[0].similarity - hits[0].similarity) < 1e-6)
    await #expect(throws: EvaluateError.self) { try await search.nearest(to: EmbeddingVector([1, 0]), count: 3) }
  }
}
