import ZooTensors

/// A weight matrix `[out, in]` as it was loaded: further axes count as part of `in`.
public final class WeightMatrix: Sendable {
  public let tensor: Tensor
  private let view: Lazy<FloatView>

  public init(_ tensor: Tensor) {
    self.tensor = tensor
    view = Lazy { FloatView(tensor) }
  }

  public var outputs: Int { tensor.shape[0] }
  public var inputs: Int { tensor.count / outputs }

  /// The elements as f32: where they lie if they can be used there, otherwise widened once for all users.
  public var floats: FloatView { view.value }

  /// Gives memory back that can be read or widened again.
  func release() {
    view.forget()
    tensor.data.release()
  }

  /// The elements of some rows, without keeping them.
  func rows(_ range: Range<Int>) -> FloatView {
    let rowBytes = tensor.data.count / outputs
    return FloatView(
      Tensor(
        dtype: tensor.dtype, shape: [range.count, inputs],
        data: tensor.data[range.lowerBound * rowBytes..<range.upperBound * rowBytes]))
  }
}
