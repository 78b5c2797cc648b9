import ZooModels

/// MobileCLIP's convolutions before the blocks, the last of which creates the tokens, under the names of timm and of Apple.
enum ConvolutionStem {
  /// `stem.0.weight` and `stem.0.norm.mean`; nil for other tensors.
  ///
  /// - Parameters:
  ///   - convolution: The name of the convolution of a stage.
  ///   - norm: The name of the batch norm of a stage.
  static func expression(
    _ target: Target, convolution: (Int) -> String, norm: (Int) -> String
  ) -> TensorExpression? {
    let parts = target.name.leaf.split(separator: ".").map(String.init)
    guard parts.count >= 3, parts[0] == "stem", let stage = Int(parts[1]) else { return nil }
    if parts.count == 3 { return target.source("\(convolution(stage)).\(parts[2])") }
    let running = ["mean": "running_mean", "variance": "running_var"]
    return target.source("\(norm(stage)).\(running[parts[3]] ?? parts[3])")
  }

  static func measure(_ headers: Headers, convolution: (Int) -> String, into facts: inout VisionFacts) {
    var kernels: [[Int]] = []
    while kernels.count < 16, let kernel = headers.shape("\(convolution(kernels.count)).weight", rank: 4) {
      kernels.append(kernel)
    }
    guard let first = kernels.first, let last = kernels.last else { return }
    let (patch, overflow) = kernels.reduce((1, false)) { product, kernel in
      let (next, over) = product.0.multipliedReportingOverflow(by: kernel[3])
      return (next, product.1 || over)
    }
    guard !overflow else { return }
    (facts.width, facts.patch) = (last[0], patch)
    facts.stem = .cells(CellStem(width: first[0], kernels: kernels.map { $0[3] }))
    facts.patchBias = headers.contains("\(convolution(kernels.count - 1)).bias")
  }
}
