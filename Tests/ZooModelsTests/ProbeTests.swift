import Testing
import ZooManifests
import ZooModels

/// Summaries of embeddings, and when two of them are the same.
@Suite struct ProbeTests {
  typealias Probe = ModelDescription.Probe

  @Test func aVectorIsNormalisedRoundedAndCut() throws {
    let short = try #require(Probe.Vector([3, 4]))
    #expect(short.values == [0.6, 0.8])
    #expect(short.norm == 5)
    let long = try #require(Probe.Vector([Float](repeating: 123.4567, count: 10_000)))
    #expect(long.values == [Float](repeating: 0.01, count: 16))
    #expect(long.norm == 12346)
    #expect(Probe.Vector([1e-3, 2e-3, 2e-3])?.norm == 0.003)
  }

  @Test(
    arguments: [[Float.nan, 1], [1, Float.infinity], [-Float.infinity, Float.infinity], [0, 0], []] as [[Float]])
  func whatIsNoEmbeddingHasNoVector(values: [Float]) { #expect(Probe.Vector(values) == nil) }

  @Test func onlyDifferencesBeyondTheToleranceCount() throws {
    func probe(_ image: [Float], _ text: [Float]? = nil) throws -> Probe {
      Probe(image: Probe.Vector(image), text: text.flatMap { Probe.Vector($0) })
    }
    let first = try probe([3, 4], [1, 0])
    #expect(first.disagreements(with: try probe([3.001, 4], [1, 0])) == [])
    #expect(first.disagreements(with: try probe([3.02, 4], [1, 0])) == ["image"])
    #expect(first.disagreements(with: try probe([3.3, 4.4], [0, 1])) == ["image", "text"])
    #expect(first.disagreements(with: try probe([3, 4])) == [])
    #expect(first.losses(in: try probe([3, 4])) == ["text"])
    #expect(try probe([3, 4]).losses(in: first) == [])
  }

  @Test func aProbeSurvivesModelJSON() throws {
    let manifest = try #require(Registry.builtIn.manifests.first)
    var description = ModelDescription(
      architecture: manifest.architecture, tag: "x", preprocessing: Preprocessing(size: .init(square: 224)),
      layout: "openclip", tokenizerFiles: [], sources: [], digests: [:], notes: [])
    description.probe = Probe(image: Probe.Vector([0.1, -0.7, 1e-9]))
    #expect(try ModelDescription(json: description.encoded(), file: "model.json") == description)
  }
}
