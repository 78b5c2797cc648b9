import Foundation
import ZooTensors

/// Rows of numbers in a file without a name, which are read again and again: memory does not grow with their number.
final class RowStore {
  private let columns: Int
  private let file: FileHandle
  private let path: String
  /// What is not yet in the file.
  private var waiting: [Double] = []

  init(columns: Int) throws {
    self.columns = columns
    path = FileManager.default.temporaryDirectory.appending(path: "zoo-values-\(UUID().uuidString)").path
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
      let file = FileHandle(forUpdatingAtPath: path)
    else { throw EvaluateError.unwritable(file: path, reason: "it cannot be made") }
    self.file = file
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// - Parameters:
  ///   - sample: its place among those that count.
  ///   - place: that of the row's class.
  func append(_ values: [Double], sample: Int, method: Int, place: Int) throws {
    waiting += [Double(sample), Double(method), Double(place)]
    waiting += values.prefix(columns) + [Double](repeating: 0, count: max(0, columns - values.count))
    if waiting.count > 1 << 16 { try write() }
  }

  /// All rows, mapped.
  func finish() throws -> StoredRows {
    try write()
    try file.close()
    return StoredRows(columns: columns, data: try Data(contentsOf: URL(filePath: path), options: .alwaysMapped))
  }

  private func write() throws {
    do {
      try file.write(contentsOf: waiting.withUnsafeBytes { Data($0) })
    } catch {
      throw EvaluateError.unwritable(file: path, reason: systemReason(of: error))
    }
    waiting.removeAll(keepingCapacity: true)
  }
}

/// Rows `[sample, method, class, values...]`, in the order of the samples.
struct StoredRows {
  let columns: Int
  let data: Data

  /// The rows of each method and class, added up, `[methods][places]`.
  ///
  /// - Parameter times: how often each sample counts.
  func sums(methods: Int, places: Int, times: [Double]) -> [[ClassSum]] {
    let width = columns + 1
    var sums = [Double](repeating: 0, count: methods * places * width)
    data.withUnsafeBytes { bytes in
      let rows = bytes.bindMemory(to: Double.self)
      sums.withUnsafeMutableBufferPointer { sums in
        for start in stride(from: 0, to: rows.count, by: columns + 3) {
          let weight = times[Int(rows[start])]
          guard weight > 0 else { continue }
          let target = (Int(rows[start + 1]) * places + Int(rows[start + 2])) * width
          sums[target] += weight
          for column in 0..<columns { sums[target + 1 + column] += weight * rows[start + 3 + column] }
        }
      }
    }
    return (0..<methods).map { method in
      (0..<places).map { place in
        let start = (method * places + place) * width
        return ClassSum(label: place, rows: sums[start], values: Array(sums[start + 1..<start + width]))
      }
    }
  }
}
