import Foundation
import ZooCheckpoints
import ZooRuntime
import ZooTensors

/// Searchable embeddings on disk: a folder written by `zoo embed`, or a folder that contains those of its shards.
public struct EmbeddingSearch: Sendable {
  /// The description in the first folder; the others differ only in the shard.
  package let description: EmbeddingDescription
  private let folders: [Folder]

  /// The number of embeddings.
  public var count: Int { folders.reduce(0) { $0 + $1.lines.count } }
  /// The number of inputs that are missing from all folders.
  package let missing: Int

  private struct Folder: Sendable {
    let files: [Tensor]
    /// By row.
    let lines: [EmbeddingLine]
  }

  /// An embedding that was found.
  public struct Hit: Sendable {
    package let line: EmbeddingLine
    /// The cosine of the angle between it and the query, from -1 to 1.
    public let similarity: Float
    /// The name of a picture without its extension, the key of a WebDataset sample, or a prompt.
    public var id: String { line.id }
    /// The path of a picture, or `ARCHIVE.tar/MEMBER`; nil for a prompt.
    public var path: String? { line.path }
  }

  /// Opens the embeddings that a model made. The files are mapped, not read.
  ///
  /// Throws an `EvaluateError` if there are none, if they were made by a different model, if shards do not belong together or overlap, or if a file
  /// lacks rows.
  public init(contentsOf folder: URL, madeBy model: ZooModel) throws {
    let path = folder.path(percentEncoded: false)
    try self.init(path)
    try check(model, path)
  }

  /// Throws an `EvaluateError` if the embeddings were made by a different model.
  package func check(_ model: ZooModel, _ folder: String) throws {
    guard try model.description.runDigest() == description.modelDigest,
      model.architecture.embedding == description.width
    else {
      throw EvaluateError.otherModel(folder: folder, model: model.name)
    }
  }

  /// The embeddings that are closest to a query by cosine, best first. Compares all of them, without blocking the caller's thread.
  ///
  /// Throws an `EvaluateError` if the width of the query differs from that of the embeddings.
  public func nearest(to query: EmbeddingVector, count: Int) async throws -> [Hit] {
    guard query.values.count == description.width else {
      throw EvaluateError.queryWidth(query.values.count, expected: description.width)
    }
    return try await Background.run(on: Background.compute) { _ in
      nearest(to: [query.values], count: max(count, 0))[0]
    }
  }

  /// Opens the folder; its files are mapped.
  ///
  /// Throws an `EvaluateError` if there are no embeddings, if shards do not belong together or share an input, or if a file lacks rows.
  package init(_ path: String) throws {
    func isFolder(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: path.appendingPathComponent(EmbeddingDescription.fileName))
    }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    let paths = isFolder(path) ? [path] : names.map { path.appendingPathComponent($0) }.filter(isFolder)
    guard let first = paths.first else {
      throw EvaluateError.notARun(folder: path, reason: "neither it nor a folder in it has embeddings.json")
    }
    description = try EmbeddingJournal.description(in: first)
    var owners: [Int: String] = [:], folders: [Folder] = [], seen = 0
    for path in paths {
      let (other, results) = try EmbeddingJournal.read(path)
      var lines: [EmbeddingLine] = []
      if let difference = other.difference(from: description) {
        throw EvaluateError.runsDiffer(first, path, difference: difference)
      }
      seen += results.count
      try results.forEach { line in
        if let owner = owners[line.index] { throw EvaluateError.overlap(owner, path, sample: line.id) }
        owners[line.index] = path
        if line.row != nil { lines.append(line) }
      }
      folders.append(try Self.folder(path, other, lines))
    }
    self.folders = folders
    missing = description.inputs - seen
  }

  private static func folder(
    _ path: String, _ description: EmbeddingDescription, _ known: [EmbeddingLine]
  ) throws -> Folder {
    let lines = known.sorted { ($0.row ?? 0) < ($1.row ?? 0) }, storage = description.storage
    guard storage.rowsPerFile > 0, lines.enumerated().allSatisfy({ $0 == $1.row }) else {
      throw EvaluateError.notARun(folder: path, reason: "its index does not number the rows")
    }
    let files = try stride(from: 0, to: lines.count, by: storage.rowsPerFile).map { first in
      let file = path.appendingPathComponent(storage.fileName(first / storage.rowsPerFile))
      let checkpoint = try Checkpoint.open(file)
      guard let entry = checkpoint.entries.first, checkpoint.entries.count == 1, entry.dtype == storage.dtype,
        entry.shape.count == 2, entry.shape[1] == description.width,
        entry.shape[0] >= min(lines.count - first, storage.rowsPerFile)
      else {
        throw EvaluateError.notARun(folder: path, reason: "\(storage.fileName(first / storage.rowsPerFile)) lacks rows")
      }
      return try checkpoint.tensor(entry.name)
    }
    return Folder(files: files, lines: lines)
  }

  /// The embeddings that are closest to each query by cosine, best first; equal ones in the order of the inputs.
  ///
  /// - Parameters:
  ///   - queries: `[queries][width]`, of any length except 0.
  ///   - count: The number of results for each.
  package func nearest(to queries: [[Float]], count: Int, parallel: Parallel = Parallel()) -> [[Hit]] {
    let width = description.width, units = queries.map(normalised), flat = units.flatMap { $0 }
    precondition(units.allSatisfy { $0.count == width }, "queries have the width of the embeddings")
    // A block of rows is the unit of work.
    let blocks = folders.indices.flatMap { folder in
      folders[folder].files.indices.flatMap { file in
        let first = file * description.storage.rowsPerFile
        let rows = min(folders[folder].lines.count - first, description.storage.rowsPerFile)
        return stride(from: 0, to: rows, by: Self.blockRows).map {
          Block(folder: folder, file: file, first: first, rows: $0..<min($0 + Self.blockRows, rows))
        }
      }
    }
    var found = [[[Hit]]](repeating: [], count: blocks.count)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      parallel.forEach(blocks.count) { found[$0] = hits(in: blocks[$0], flat, queries.count, count) }
    }
    return queries.indices.map { query in best(found.flatMap { $0[query] }, count) }
  }

  private struct Block: Sendable {
    let folder: Int
    let file: Int
    /// The first row in the file.
    let first: Int
    let rows: Range<Int>
  }

  private static let blockRows = 4096

  private func hits(in block: Block, _ queries: [Float], _ queryCount: Int, _ count: Int) -> [[Hit]] {
    let width = description.width, rows = block.rows.count, file = folders[block.folder].files[block.file]
    let bytes = file.data[
      block.rows.lowerBound * width * file.dtype.bits / 8..<block.rows.upperBound * width * file.dtype.bits / 8]
    let part = FloatBuffer(uninitialised: rows * width), products = FloatBuffer(uninitialised: rows * queryCount)
    Tensor(dtype: file.dtype, shape: [rows, width], data: bytes).widen(to: part.pointer)
    queries.withUnsafeBufferPointer { queries in
      guard let queries = queries.baseAddress else { return }
      gemm(
        part.pointer, rows: rows, depth: width, stride: width, queries, transposed: true, columns: queryCount,
        into: products.pointer, stride: queryCount, adding: false)
    }
    let scales: [Float]? =
      description.normalised
      ? nil
      : (0..<rows).map { row in
        let values = UnsafeBufferPointer(start: part.pointer + row * width, count: width)
        return Float(1 / max(values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12))
      }
    let lines = folders[block.folder].lines[(block.first + block.rows.lowerBound)...].prefix(rows)
    return (0..<queryCount).map { query in
      let similarities = (0..<rows).map { products.pointer[$0 * queryCount + query] * (scales?[$0] ?? 1) }
      // Hits are only created for rows that can be among the best.
      let least = rows > count ? similarities.sorted(by: >)[count - 1] : -.infinity
      return best(
        zip(lines, similarities).filter { $1 >= least }.map { Hit(line: $0, similarity: $1) }, count)
    }
  }

  private func best(_ hits: [Hit], _ count: Int) -> [Hit] {
    Array(
      hits.sorted {
        $0.similarity == $1.similarity ? $0.line.index < $1.line.index : $0.similarity > $1.similarity
      }.prefix(count))
  }
}
