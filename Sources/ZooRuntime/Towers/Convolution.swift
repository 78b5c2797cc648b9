import CZooKernels
import ZooImages
import ZooModels
import ZooTensors

/// Convolutions that compute the tokens of a picture, or the input of the patch embedding.
protocol ConvolutionalStem: Sendable {
  /// Its convolutions.
  var linears: [Linear] { get }
  /// `[patches, channels]`, from the pixels that a patch grid covers.
  func forward(_ picture: PixelTensor, grid: GridSize, engine: Engine) -> FloatBuffer
}

/// The input and output of a convolution: `[height * width, channels]`, row by row.
struct FeatureMap {
  let values: FloatBuffer
  let height: Int
  let width: Int
  let channels: Int

  /// Uninitialised: write before reading.
  init(height: Int, width: Int, channels: Int) {
    (self.height, self.width, self.channels) = (height, width, channels)
    values = FloatBuffer(uninitialised: height * width * channels)
  }

  /// The top left part of a picture.
  init(_ picture: PixelTensor, height: Int, width: Int) {
    self.init(height: height, width: width, channels: 3)
    picture.values.withUnsafeBufferPointer { pixels in
      for channel in 0..<3 {
        for row in 0..<height {
          let line = (channel * picture.height + row) * picture.width
          for column in 0..<width { values.pointer[(row * width + column) * 3 + channel] = pixels[line + column] }
        }
      }
    }
  }

  var rows: Int { height * width }

  func activate(_ activation: Activation, _ parallel: Parallel) {
    parallel.forRanges(rows, atLeast: 16) { rows in
      zoo_activate(
        values.pointer + rows.lowerBound * channels, nil, activation.kernel, rows.count, channels, nil)
    }
  }

  /// Adds a map of the same shape.
  func add(_ other: FeatureMap, _ parallel: Parallel) {
    parallel.forRanges(rows, atLeast: 32) { rows in
      let offset = rows.lowerBound * channels
      zoo_add_residual(values.pointer + offset, other.values.pointer + offset, nil, nil, rows.count, channels)
    }
  }

  /// The means of 2 x 2 cells; an odd row or column at the end is dropped.
  func halved(_ parallel: Parallel) -> FeatureMap {
    let map = FeatureMap(height: height / 2, width: width / 2, channels: channels)
    parallel.forRanges(map.height) { rows in
      zoo_halve_map(values.pointer, width, channels, rows.lowerBound, rows.upperBound, map.values.pointer)
    }
    return map
  }
}

/// A convolution with zero padding that preserves the size, as a matrix product on the windows of the kernel.
struct Convolution: Sendable {
  let linear: Linear
  private let side: Int
  private let stride: Int

  /// With the following batch norm folded in.
  init(_ weights: Weights, _ name: String, side: Int, stride: Int = 1, eps: Float) throws {
    linear = try weights.foldedConvolution(name, eps: eps)
    (self.side, self.stride) = (side, stride)
  }

  /// With a bias.
  init(_ weights: Weights, biased name: String, side: Int, stride: Int = 1) throws {
    linear = try weights.convolution(name, bias: true)
    (self.side, self.stride) = (side, stride)
  }

  func forward(_ map: FeatureMap, activation: Activation?, engine: Engine) -> FeatureMap {
    let result = FeatureMap(
      height: (map.height - 1) / stride + 1, width: (map.width - 1) / stride + 1, channels: linear.outputs)
    let epilogue = Epilogue(activation: activation), inputs = linear.inputs
    engine.forRows(0..<result.rows) { rows, parallel in
      if side == 1, stride == 1 {
        linear.forward(
          map.values.pointer + rows.lowerBound * inputs, rows: rows.count,
          into: result.values.pointer + rows.lowerBound * linear.outputs, epilogue: epilogue, parallel: parallel)
        return
      }
      // A few megabytes at a time: nine times the map would not fit in the cache.
      let most = max(128, (1 << 20) / inputs)
      for first in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: most) {
        let last = min(first + most, rows.upperBound)
        withScratch((last - first) * inputs) { windows in
          parallel.forRanges(last - first, atLeast: 32) { cells in
            zoo_gather_windows(
              map.values.pointer, map.height, map.width, map.channels, side, stride, result.width,
              first + cells.lowerBound, first + cells.upperBound, windows + cells.lowerBound * inputs)
          }
          linear.forward(
            windows, rows: last - first, into: result.values.pointer + first * linear.outputs, epilogue: epilogue,
            parallel: parallel)
        }
      }
    }
    return result
  }
}

extension Weights {
  /// A convolution `NAME.weight` `[out, in, y, x]` and its batch norm `NAME.norm` as one linear map of `[y, x, in]`.
  ///
  /// - Parameter channelsFirst: True for a map of `[in, y, x]`.
  func foldedConvolution(_ name: String, eps: Float, channelsFirst: Bool = false) throws -> Linear {
    let norm = try ["weight", "bias", "mean", "variance"].map { try vector("\(name).norm.\($0)").array }
    let gain = zip(norm[0], norm[3]).map { $0 / ($1 + eps).squareRoot() }
    let bias = gain.indices.map { norm[1][$0] - norm[2][$0] * gain[$0] }
    return Linear(
      weight: WeightMatrix(kernelRows(try vector("\(name).weight"), gain: gain, channelsFirst: channelsFirst)),
      bias: FloatView(Tensor(bias, shape: [bias.count])), algebra: algebra)
  }

  /// A convolution `NAME` without a batch norm as a linear map of `[y, x, in]`.
  func convolution(_ name: String, bias: Bool) throws -> Linear {
    Linear(
      weight: WeightMatrix(kernelRows(try vector("\(name).weight"))),
      bias: bias ? try vector("\(name).bias") : nil, algebra: algebra)
  }

  /// Weights `[out, in, y, x]` as `[out, y * x * in]`, or `[out, in * y * x]`, with those of each output multiplied by its gain.
  private func kernelRows(_ weight: FloatView, gain: [Float]? = nil, channelsFirst: Bool = false) -> Tensor {
    let outputs = weight.shape[0], size = weight.count / max(1, outputs)
    let inputs = channelsFirst ? size : weight.shape[1], cells = channelsFirst ? 1 : size / max(1, inputs)
    let block = MemoryBlock(byteCount: weight.count * MemoryLayout<Float>.stride)
    let bytes = UnsafeRawBufferPointer(block.bytes)
    if let target = block.bytes.bindMemory(to: Float.self).baseAddress {
      Parallel().forRanges(outputs, atLeast: 8) { rows in
        let offset = rows.lowerBound * size
        (gain ?? []).withUnsafeBufferPointer { gain in
          zoo_kernel_rows(
            weight.pointer + offset, gain.isEmpty ? nil : gain.baseAddress.map { $0 + rows.lowerBound }, rows.count,
            inputs, cells, target + offset)
        }
      }
    }
    return Tensor(dtype: .f32, shape: [outputs, size], data: ByteView(bytes, owner: block))
  }
}
