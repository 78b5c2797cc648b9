import Foundation
import ZooModels

/// `preprocessor_config.json`: what `TransformersPreprocessor` reads.
func preprocessorText(_ preprocessing: Preprocessing, type: String) throws -> Data {
  func sides(_ size: GridSize) -> ConfigurationText {
    ["height": .integer(size.height), "width": .integer(size.width)]
  }
  let target = preprocessing.resizeSize ?? preprocessing.size, isCropped = preprocessing.isCropped
  let filter = TransformersPreprocessor.Filter.all.firstIndex(of: preprocessing.interpolation)
  var fields: [String: ConfigurationText] = [
    "image_processor_type": .text(type), "do_convert_rgb": true, "do_normalize": true, "do_rescale": true,
    "do_resize": .flag(preprocessing.resizeMode != .keep), "rescale_factor": .ratio(preprocessing.rescaleFactor),
    "image_mean": .numbers(preprocessing.mean), "image_std": .numbers(preprocessing.std),
    "resample": .integer(filter ?? 3), "size": sides(target),
  ]
  if preprocessing.resizeMode == .shortest {
    fields["size"] = ["shortest_edge": .integer(min(target.height, target.width))]
  }
  if isCropped { fields["crop_size"] = sides(preprocessing.size) }
  if isCropped || type != "SiglipImageProcessor" { fields["do_center_crop"] = .flag(isCropped) }
  return try ConfigurationText.object(fields).data()
}

extension Preprocessing {
  /// Whether the resized picture is cropped.
  var isCropped: Bool {
    resizeMode == .shortest || resizeMode == .keep || (resizeSize ?? size) != size
  }
}
