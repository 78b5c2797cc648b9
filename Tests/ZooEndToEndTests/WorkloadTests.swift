import Testing
import ZooManifests
import ZooModels

@testable import ZooCommand

/// The operation counts that `zoo bench` uses are those of open_clip (its `docs/model_profile.csv`, in GFLOP, where a multiplication and an addition
/// are two operations).
@Suite struct WorkloadTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let image: Double
    let text: Double
    /// Width, MLP width and tokens of a tower whose last block is computed only for its class token.
    let last: (width: Double, mlp: Double, tokens: Double)?

    init(_ name: String, _ image: Double, _ text: Double, last: (Double, Double, Double)? = nil) {
      (self.name, self.image, self.text, self.last) = (name, image, text, last)
    }
    var testDescription: String { name }
  }

  /// For the ResNet, 1.47 are its attention pool, which open_clip computes for 50 queries.
  static let cases = [
    Case("ViT-B-32", 8.82, 5.96, last: (768, 3072, 50)), Case("ViT-B-16", 35.13, 5.96, last: (768, 3072, 197)),
    Case("ViT-L-14", 162.03, 13.3, last: (1024, 4096, 257)), Case("ViT-H-14", 334.59, 47.09, last: (1280, 5120, 257)),
    Case("ViT-B-16-SigLIP", 35.42, 11.02), Case("ViT-SO400M-14-SigLIP-384", 670.35, 53.13),
    Case("RN50", 12.22 - 1.47, 5.96),
  ]

  @Test(arguments: cases) func operationsAreThoseThatOpenCLIPCounts(_ it: Case) throws {
    let architecture = try #require(Registry.builtIn.manifest(it.name)).architecture
    let vision = try #require(architecture.vision)
    let work = Workload(vision, text: architecture.text, size: vision.image)
    var image = it.image
    if let (width, mlp, tokens) = it.last {
      // Output and MLP of all other tokens, and their rows in both products of the attention.
      image -= 2 * (tokens - 1) * (width * width + 2 * width * mlp + 2 * tokens * width) / 1e9
    }
    // Theirs includes the pooler's few rows as well.
    #expect(abs(work.imageTower / 1e9 / image - 1) < 0.025, "\(work.imageTower / 1e9) for \(image)")
    // The last block computes its output, MLP and attention for one row only.
    let text = try #require(architecture.text), tokens = Double(text.contextLength)
    let (width, mlp) = (Double(text.blocks.width), Double(text.blocks.mlpWidth))
    let prompt = it.text - 2 * (tokens - 1) * (width * width + 2 * width * mlp + 2 * tokens * width) / 1e9
    let found = work.textTower(tokens: text.contextLength) / 1e9
    #expect(abs(found / prompt - 1) < 0.005, "\(found) for \(prompt)")
    // Tokens after the end cost nothing if no token sees them.
    let half = work.textTower(tokens: text.contextLength / 2) / 1e9
    #expect(text.causal ? half < found / 2 : half == found)
  }
}
