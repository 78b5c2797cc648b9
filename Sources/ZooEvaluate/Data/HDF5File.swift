import CHDF5
import Foundation
import Synchronization

/// Arrays in an HDF5 file, such as MATLAB's v7.3, read by the HDF5 library; its calls are serialised.
final class HDF5File: Sendable {
  let path: String
  private let file: Int64
  /// The library is not thread-safe.
  private static let turn = Mutex(())
  /// A larger array is not a picture.
  private static let limit = 1 << 30

  /// An array in row-major order.
  struct Array: Sendable {
    enum Values: Sendable {
      case bytes([UInt8])
      case shorts([UInt16])
      case references([UInt64])
    }
    let shape: [Int]
    let values: Values
  }

  /// Throws an `EvaluateError` if the library is missing, or the file is not HDF5.
  init(_ path: String) throws {
    self.path = path
    file = try Self.turn.withLock { _ in
      if let reason = zoo_hdf5_load() {
        throw EvaluateError.noHDF5(file: path, reason: String(cString: reason))
      }
      return zoo_hdf5_open(path)
    }
    guard file >= 0 else {
      throw EvaluateError.unreadable(file: path, reason: "it is missing, or not a MATLAB v7.3 (HDF5) file")
    }
  }

  deinit { Self.turn.withLock { _ in zoo_hdf5_close(file) } }

  func array(_ name: String) throws -> Array { try array(name, nil) }

  /// - Parameter name: The name for messages.
  func array(_ reference: UInt64, name: String) throws -> Array { try array(name, reference) }

  private func array(_ name: String, _ reference: UInt64?) throws -> Array {
    try Self.turn.withLock { _ in
      var found = zoo_hdf5_array()
      defer { free(found.data) }
      let reason =
        if var reference { zoo_hdf5_read(file, name, &reference, UInt64(Self.limit), &found) } else {
          zoo_hdf5_read(file, name, nil, UInt64(Self.limit), &found)
        }
      if let reason {
        throw EvaluateError.unreadable(file: "\(path), \(name)", reason: String(cString: reason))
      }
      let sides = withUnsafeBytes(of: found.sides) { Swift.Array($0.bindMemory(to: UInt64.self)) }
      func values<Value>(_: Value.Type) -> [Value] {
        guard let data = found.data else { return [] }
        return Swift.Array(
          UnsafeRawBufferPointer(start: data, count: Int(found.count) * MemoryLayout<Value>.stride)
            .bindMemory(to: Value.self))
      }
      let content: Array.Values =
        switch zoo_hdf5_kind(UInt32(found.kind)) {
        case ZOO_HDF5_BYTES: .bytes(values(UInt8.self))
        case ZOO_HDF5_SHORTS: .shorts(values(UInt16.self))
        default: .references(values(UInt64.self))
        }
      return Array(shape: sides.prefix(Int(found.rank)).map { Int($0) }, values: content)
    }
  }
}

extension HDF5File.Array {
  var bytes: [UInt8]? { if case .bytes(let values) = values { values } else { nil } }
  var references: [UInt64]? { if case .references(let values) = values { values } else { nil } }

  /// MATLAB's text: UTF-16 code units.
  var text: String? { if case .shorts(let values) = values { String(decoding: values, as: UTF16.self) } else { nil } }
}
