import Foundation
import ZooCheckpoints
import ZooTensors

/// Rows of numbers in a file without a name, for repeated reading: memory does not grow with their number.
struct RowStore {
  private let columns: Int
  private let file: OpenFile
  private let folder = FileManager.default.temporaryDirectory.path
  /// Values that are not in the file yet.
  private var waiting: [Double] = []

  init(columns: Int) throws {
    self.columns = columns
    guard let descriptor = makeNamelessFile(in: folder) else {
      throw EvaluateError.unwritable(file: folder, reason: String(cString: strerror(errno)))
    }
    file = OpenFile(descriptor: descriptor)
  }

  /// - Parameters:
  ///   - sample: Its index among the samples that count.
  ///   - place: The index of the row's class.
  mutating func append(_ values: [Double], sample: Int, method: Int, place: Int) throws {
    waiting += [Double(sample), Double(method), Double(place)]
    waiting += values.prefix(columns) + [Double](repeating: 0, count: max(0, columns - values.count))
    if waiting.count > 1 << 16 { try write() }
  }

  /// All rows, mapped.
  mutating func finish() throws -> StoredRows {
    try write()
    // An empty file cannot be mapped.
    let isEmpty = try file.offset() == 0
    return StoredRows(columns: columns, rows: isEmpty ? nil : try MappedFile("/dev/fd/\(file.descriptor)").view)
  }

  private mutating func write() throws {
    do {
      try waiting.withUnsafeBytes { try file.write($0) }
    } catch {
      throw EvaluateError.unwritable(file: folder, reason: systemReason(of: error))
    }
    waiting.removeAll(keepingCapacity: true)
  }
}

/// Rows `[sample, method, class, values...]`, in the order of the samples.
struct StoredRows {
  let columns: Int
  /// Doubles; nil if there are no rows.
  let rows: ByteView?

  /// The sums of the rows of each method and class, `[methods][places]`.
  ///
  /// - Parameter times: How often each sample counts.
  func sums(methods: Int, places: Int, times: [Double]) -> [[ClassSum]] {
    let width = columns + 1
    var sums = [Double](repeating: 0, count: methods * places * width)
    if let rows = rows?.bytes.bindMemory(to: Double.self) {
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
