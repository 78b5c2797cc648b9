import Synchronization
import ZooTensors

/// A weight matrix `[out, in]` as it was loaded: further axes count as part of `in`.
package final class WeightMatrix: Sendable {
  package let tensor: Tensor
  /// Nil until it is used, and again once it is released.
  private let view = Mutex<FloatView?>(nil)

  package init(_ tensor: Tensor) { self.tensor = tensor }

  package var outputs: Int { tensor.shape[0] }
  package var inputs: Int { tensor.count / outputs }

  /// The elements as f32: where they lie if they can be used there, otherwise widened once for all users.
  package var floats: FloatView {
    view.withLock { view in
      let floats = view ?? FloatView(tensor)
      view = floats
      return floats
    }
  }

  /// Gives memory back that can be read or widened again.
  func release() {
    view.withLock { $0 = nil }
    tensor.data.release()
  }

  /// Drops pages that can be read again from the mapped file.
  func unmap() {
    if tensor.dtype == .f32 { release() }
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
