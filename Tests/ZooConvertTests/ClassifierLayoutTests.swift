import Testing
import ZooModels
import ZooTensors

@testable import ZooConvert

/// Layouts of classifiers and of towers without a head do not take each other's files.
@Suite struct ClassifierLayoutTests {
  private func headers(_ names: [String]) -> Headers {
    Headers(names.map { Headers.Entry(name: $0, dtype: .f32, shape: [4]) })
  }

  @Test func aCLIPClassifierIsNotAnImageTower() throws {
    let tower = ["vision_model.embeddings.class_embedding", "vision_model.pre_layrnorm.weight"]
    #expect(try detectLayout(headers(tower), path: "").name == "transformers-clip-image")
    let classifier = try detectLayout(headers(tower + ["classifier.weight"]), path: "")
    #expect(classifier.name == "transformers-clip-classifier")
  }

  @Test func aTowerWithoutAHeadSeesPicturesAsTimmDoes() {
    #expect(Layout.timmImage.convention == .timm)
    #expect(Layout.transformersCLIPImage.convention == .transformers)
  }
}
