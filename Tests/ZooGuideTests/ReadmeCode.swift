import Foundation
import Zoo

func explain(photo: URL, output: URL) async throws {
  // A model that 'zoo convert' or 'zoo pull' has installed; ModelStore().pull("ViT-B-16:openai") fetches one.
  let model = try await ModelStore().open("ViT-B-16")
  let picture = try Picture(contentsOf: photo)
  let explanation = try await Explainer(model: model).explain(picture, prompts: ["a photo of a cat"])
  try explanation.overlay(ofPrompt: 0, on: picture).writePNG(to: output)
}
