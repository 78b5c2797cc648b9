import Synchronization
import ZooTensors

/// A weight matrix `[out, in]` as it was loaded: further axes count as part of `in`.
package final class WeightMatrix: Sendable {
  package let tensor: Tensor
  /// The scales of rows of 8-bit integers.
  let scales: FloatView?
  /// Nil until first use, and again once it is released.
  private let view = Mutex<FloatView?>(nil)

  package init(_ tensor: Tensor) { (self.tensor, scales) = (tensor, nil) }

  /// Rows of 8-bit integers with one scale each.
  package init(_ tensor: Tensor, scales: FloatView) { (self.tensor, self.scales) = (tensor, scales) }

  package var outputs: Int { tensor.shape[0] }
  package var inputs: Int { tensor.count / outputs }

  /// The elements as f32: in place if possible, otherwise widened once for all users.
  package var floats: FloatView {
    view.withLock { view in
      let floats = view ?? unkept
      view = floats
      return floats
    }
  }

  /// The same, for a single use.
  var unkept: FloatView { rows(0..<outputs) }

  /// Releases memory that can be read or widened again.
  func release() {
    view.withLock { $0 = nil }
    tensor.data.release()
  }

  /// Drops pages that can be read again from the mapped file.
  func unmap() {
    if tensor.dtype == .f32 { release() }
    if tensor.dtype == .i8 { tensor.data.release() }
  }

  /// The elements of some rows, without keeping them.
  func rows(_ range: Range<Int>) -> FloatView {
    let rowBytes = tensor.data.count / outputs
    let some = Tensor(
      dtype: tensor.dtype, shape: [range.count] + tensor.shape.dropFirst(),
      data: tensor.data[range.lowerBound * rowBytes..<range.upperBound * rowBytes])
    return scales.map { FloatView(some, scales: $0.pointer + range.lowerBound) } ?? FloatView(some)
  }
}
