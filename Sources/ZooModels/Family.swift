/// A family of designs, as people know it: a heading in `zoo list`. A manifest may name a family that is not listed here.
public struct Family: RawRepresentable, Codable, Sendable, Hashable {
  /// The name in manifests, such as `siglip2`.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// OpenAI's CLIP and similar models in open_clip.
  public static let clip = Self(rawValue: "openclip_native")
  /// CoCa, with an attention pooler.
  public static let coca = Self(rawValue: "openclip_coca")
  /// SigLIP: an attention pooler and a sigmoid loss.
  public static let siglip = Self(rawValue: "siglip")
  /// SigLIP 2 at a fixed picture size.
  public static let siglip2 = Self(rawValue: "siglip2")
  /// EVA-CLIP: rotary positions and gated MLPs.
  public static let evaCLIP = Self(rawValue: "eva")
  /// CLIPA, trained on short prompts and small pictures.
  public static let clipa = Self(rawValue: "clipa")
  /// MetaCLIP 2, for prompts in many languages.
  public static let metaCLIP2 = Self(rawValue: "metaclip2")
  /// Meta's Perception Encoder (PE-Core).
  public static let perceptionEncoder = Self(rawValue: "pe_core")
  /// Image towers from timm with a text tower from open_clip.
  public static let timmViT = Self(rawValue: "timm_vit")
  /// SigLIP 2 for pictures of any aspect ratio (NaFlex).
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
  /// TIPSv2 by Google DeepMind.
  public static let tipsv2 = Self(rawValue: "tipsv2")
  /// A model that only the files beside it describe.
  public static let custom = Self(rawValue: "custom")

  /// The name as its authors write it, such as `SigLIP 2`; the raw value if that is not known.
  public var title: String { Self.titles[self] ?? rawValue }

  /// Whether a name is the raw value or the title, ignoring case: `siglip2`, `SigLIP 2`.
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
