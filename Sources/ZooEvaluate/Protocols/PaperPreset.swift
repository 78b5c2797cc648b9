/// What LeGrad's paper (arXiv 2404.03214, version 1) specifies for one of its tables.
package struct PaperPreset: Sendable {
  /// The name on the command line, such as `paper-table1`.
  package let name: String
  /// The protocols whose figures the table contains.
  package let protocols: [String]
  /// The models in its rows, with the weights that the paper names.
  package let models: [String]
  package let methods: [String]
  package let template: String
  /// The choices made here where the paper leaves something open.
  package let open: [Choice]

  /// All models see 224 x 224 pixels.
  package static let size = "224"

  /// The paper's formulas, which differ from the authors' published code.
  private static let peers = [
    "rollout", "raw-attention", "gradcam", "attentioncam", "chefercam", "textspan:background=imagenet",
  ]
  private static let openCLIP = [
    "ViT-B-16:laion2b_s34b_b88k", "ViT-L-14:laion2b_s32b_b82k", "ViT-H-14:laion2b_s32b_b79k",
    "ViT-bigG-14:laion2b_s39b_b160k",
  ]
  private static let openTemplate = Choice("template (not stated)", "a photo of a {}.")
  private static let squashed = Choice("resize (not stated)", "squash, as in the published scripts")

  package static let all = [
    PaperPreset(
      name: "paper-table1", protocols: [SegmentationProtocol.name], models: [openCLIP[0]],
      methods: ["lrp", "partial-lrp"] + peers.filter { $0 != "attentioncam" } + ["legrad:variant=paper"],
      template: "A photo of a {}", open: [squashed]),
    PaperPreset(
      name: "paper-table2", protocols: [PointsProtocol.name], models: openCLIP,
      methods: peers + ["legrad:variant=paper"], template: "a photo of a {}.", open: [openTemplate, squashed]),
    PaperPreset(
      name: "paper-table3", protocols: [PerturbationProtocol.name], models: openCLIP,
      methods: peers + ["legrad:variant=paper"], template: "a photo of a {}.", open: [openTemplate, squashed]),
    PaperPreset(
      name: "paper-table4", protocols: [PointsProtocol.name, PerturbationProtocol.name],
      models: ["ViT-B-16-SigLIP:webli"], methods: peers.dropLast() + ["legrad:variant=paper"],
      template: "a photo of a {}.", open: [openTemplate, squashed]),
    PaperPreset(
      name: "paper-table5", protocols: [PerturbationProtocol.name], models: Array(openCLIP[1...2]),
      methods: ["yes", "no"].flatMap { final in
        ["no", "yes"].map { "legrad:variant=paper,final-score=\(final),relu=\($0)" }
      }, template: "a photo of a {}.", open: [openTemplate, squashed]),
    PaperPreset(
      name: "paper-table7", protocols: [PerturbationProtocol.name], models: ["vit_base_patch16_224"],
      methods: peers.dropLast() + ["transformer-attribution", "partial-lrp", "legrad:variant=paper"],
      template: "a photo of a {}.", open: [squashed]),
  ]

  /// The preset with this name, which must belong to the protocol. Throws `EvaluateError.noPreset`.
  package static func named(_ name: String, for protocolName: String) throws -> PaperPreset {
    let own = all.filter { $0.protocols.contains(protocolName) }
    guard let preset = own.first(where: { $0.name == name }) else {
      throw EvaluateError.noPreset(name, protocolName: protocolName, known: own.map(\.name))
    }
    return preset
  }
}
