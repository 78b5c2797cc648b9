import ZooModels

/// A known but unsupported kind of checkpoint, recognised by a tensor that no other kind has.
///
/// Says what the file is, whereas a layout would only report missing names.
struct RefusedKind {
  let tensor: String
  /// A tensor that must be there as well, if the first alone is ambiguous.
  var beside: String?
  /// The kind, as it follows `is a`.
  let model: String
  let reason: String

  static let all: [RefusedKind] = [
    RefusedKind(
      tensor: "image_encoder.model.patch_embed.0.rbr_conv.0.conv.weight",
      model: "checkpoint of MobileCLIP with an MCi tower",
      reason: convolutions("S0, S1 and S2")),
    RefusedKind(
      tensor: "image_encoder.model.patch_embed.0.reparam_conv.weight",
      model: "checkpoint of MobileCLIP with an MCi tower",
      reason: convolutions("S0, S1 and S2")),
    RefusedKind(
      tensor: "visual.trunk.stem.0.conv_kxk.0.conv.weight", model: "checkpoint of MobileCLIP with an MCi tower",
      reason: convolutions("S0 to S4")),
    RefusedKind(
      tensor: "text_model.roberta.embeddings.word_embeddings.weight", model: "checkpoint of AltCLIP",
      reason: "the tensor names of transformers' AltCLIPModel are not read"),
    RefusedKind(
      tensor: "text_model.embeddings.word_embeddings.weight", beside: "vision_model.embeddings.class_embedding",
      model: "checkpoint of Chinese-CLIP", reason: "the tensor names of transformers' ChineseCLIPModel are not read"),
    RefusedKind(
      tensor: "bert.embeddings.word_embeddings.weight", beside: "visual.conv1.weight",
      model: "checkpoint of Chinese-CLIP",
      reason: "the tensor names of the authors' code are not read"),
    RefusedKind(
      tensor: "vision_model.head.probe", beside: "classifier.weight", model: "SiglipForImageClassification",
      reason: "its classifier leaves the attention pooling out, which is not run"),
  ]

  private static func convolutions(_ sizes: String) -> String {
    "the image towers of MobileCLIP-\(sizes) are convolutions without tokens, which do not run; MobileCLIP-B is a ViT"
  }

  static func find(_ headers: Headers) -> RefusedKind? {
    all.first { headers.contains($0.tensor) && ($0.beside.map(headers.contains) ?? true) }
  }
}
