/// A family of designs as people know it: a heading of `zoo list`. A manifest may name one that is not among these.
public struct Family: RawRepresentable, Codable, Sendable, Hashable {
  /// As manifests have it: `siglip2`.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// OpenAI's CLIP and its likes in open_clip.
  public static let clip = Self(rawValue: "openclip_native")
  /// CoCa, with an attention pooler.
  public static let coca = Self(rawValue: "openclip_coca")
  /// SigLIP: an attention pooler and a sigmoid loss.
  public static let siglip = Self(rawValue: "siglip")
  /// SigLIP 2 with pictures of one size.
  public static let siglip2 = Self(rawValue: "siglip2")
  /// EVA-CLIP: rotary positions and gated MLPs.
  public static let evaCLIP = Self(rawValue: "eva")
  /// CLIPA, trained on short prompts and small pictures.
  public static let clipa = Self(rawValue: "clipa")
  /// MetaCLIP 2, for prompts in many languages.
  public static let metaCLIP2 = Self(rawValue: "metaclip2")
  /// Meta's Perception Encoder (PE-Core).
  public static let perceptionEncoder = Self(rawValue: "pe_core")
  /// Image towers of timm with a text tower of open_clip.
  public static let timmViT = Self(rawValue: "timm_vit")
  /// SigLIP 2 with pictures of any proportions (NaFlex).
  public static let naFlex = Self(rawValue: "timm_naflex")
  /// OpenVision.
  public static let openVision = Self(rawValue: "openvision")
  /// TinyCLIP, distilled from CLIP.
  public static let tinyCLIP = Self(rawValue: "tinyclip")
  /// Image classifiers: a ViT with a linear head.
  public static let classifiers = Self(rawValue: "vit_classifier")
  /// ViTamin: convolutions, then a ViT.
  public static let vitamin = Self(rawValue: "vitamin")
  /// Meta's classifiers on DINOv2.
  public static let dinov2 = Self(rawValue: "dinov2")
  /// TIPSv2 of Google DeepMind.
  public static let tipsv2 = Self(rawValue: "tipsv2")
  /// Of a model that is described by the files beside it alone.
  public static let custom = Self(rawValue: "custom")

  /// As its authors write it: `SigLIP 2`; the raw value where that is not known.
  public var title: String { Self.titles[self] ?? rawValue }

  /// True for the raw value and for the title, in any letters: `siglip2`, `SigLIP 2`.
  public func isCalled(_ name: String) -> Bool {
    [rawValue, title].contains { Self.plain($0) == Self.plain(name) }
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  private static let titles: [Self: String] = [
    .clip: "CLIP", .coca: "CoCa", .siglip: "SigLIP", .siglip2: "SigLIP 2", .evaCLIP: "EVA-CLIP", .clipa: "CLIPA",
    .metaCLIP2: "MetaCLIP 2", .perceptionEncoder: "Perception Encoder", .timmViT: "timm's ViT", .naFlex: "NaFlex",
    .openVision: "OpenVision", .tinyCLIP: "TinyCLIP", .classifiers: "Classifiers", .vitamin: "ViTamin",
    .dinov2: "DINOv2", .tipsv2: "TIPSv2",
  ]
}
