/// A family of designs as people know it: a heading of `zoo list`.
public struct Family: Sendable, Hashable {
  /// As manifests have it: `siglip2`.
  public let id: String
  /// As its authors write it: `SigLIP 2`.
  public let title: String

  /// A family of any id; one that is not known is called by that.
  public init(_ id: String) {
    self.id = id
    title = Self.titles[id] ?? id
  }

  /// True for the id and for the title, in any letters: `siglip2`, `SigLIP 2`.
  public func isCalled(_ name: String) -> Bool {
    [id, title].contains { Self.plain($0) == Self.plain(name) }
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  private static let titles = [
    "openclip_native": "CLIP", "openclip_coca": "CoCa", "siglip": "SigLIP", "siglip2": "SigLIP 2", "eva": "EVA-CLIP",
    "clipa": "CLIPA", "metaclip2": "MetaCLIP 2", "pe_core": "Perception Encoder", "timm_vit": "timm's ViT",
    "timm_naflex": "NaFlex", "openvision": "OpenVision", "tinyclip": "TinyCLIP", "vit_classifier": "Classifiers",
    "vitamin": "ViTamin",
  ]
}
