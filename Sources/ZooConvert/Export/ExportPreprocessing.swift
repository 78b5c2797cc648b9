import ZooModels

extension ExportFormat {
  /// Why the ecosystem's configuration cannot express the preprocessing; nil if it can.
  func obstacle(to preprocessing: Preprocessing) -> String? {
    switch self {
    case .transformers:
      if preprocessing.resizeMode == .longest { return "transformers does not fill pictures up" }
      let target = preprocessing.resizeSize ?? preprocessing.size
      if preprocessing.resizeMode == .shortest, target.height != target.width {
        return "transformers has one number for the shorter side"
      }
    case .openCLIP, .bigVision, .timm:
      if self == .timm {
        return TimmCrop(preprocessing) == nil ? "timm's crop_pct cannot say how these pictures are resized" : nil
      }
      if preprocessing.resizeSize != nil || preprocessing.resizeMode == .keep {
        return "its configuration cannot say that pictures are not resized to the size of the crop"
      }
      if preprocessing.rescaleFactor != Preprocessing.unitFactor {
        return "its configuration cannot say that pixels are not scaled to 0...1"
      }
      if ![.bicubic, .bilinear].contains(preprocessing.interpolation) {
        return "open_clip resizes by bicubic or bilinear interpolation, not \(preprocessing.interpolation.rawValue)"
      }
    }
    return nil
  }
}
