import ZooTensors

/// One tensor of a checkpoint, as described by the headers alone.
public struct CheckpointEntry: Sendable, Hashable {
  /// The name in the file, without wrappers and prefixes that were removed.
  public let name: String
  /// The element type of the tensor when it is read.
  public let dtype: DType
  /// The sizes of the dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  /// The size of the tensor in memory in bytes, little-endian and row-major.
  public let byteCount: Int
  /// The path of the file that holds it.
  public let file: String
  /// The offset of its bytes in that file; nil if they are not stored as they are (compressed).
  public let fileOffset: Int?
}

/// An opened checkpoint: a table of tensors that are read on demand. No code in it is ever executed.
public struct Checkpoint: Sendable {
  /// The kind of file or files.
  public enum Container: String, Sendable, Hashable, Codable {
    /// One safetensors file.
    case safetensors
    /// Safetensors files that make up one model.
    case safetensorsShards = "safetensors shards"
    /// A ZIP archive of NPY arrays.
    case npz = "NPZ"
    /// One NPY array.
    case npy = "NPY"
    /// A PyTorch file as written by `torch.save` since version 1.6.
    case torchZip = "PyTorch"
    /// A PyTorch file from before version 1.6.
    case torchLegacy = "legacy PyTorch"
    /// A TorchScript archive, of which only the weights are read.
    case torchScript = "TorchScript"
    /// PyTorch files that make up one model.
    case torchShards = "PyTorch shards"
  }

  /// The path of the file, or of the index of shards.
  public let path: String
  /// The kind of file, determined from its content.
  public let container: Container
  /// The paths of all its files: the file itself, or the index and its shards.
  public let files: [String]
  /// The tensors, in the order of the file (of the index for shards, of the state dict for PyTorch). No two names have the same UTF-8 bytes.
  public let entries: [CheckpointEntry]
  /// `__metadata__` of safetensors; empty otherwise.
  public let metadata: [String: String]
  /// What was unwrapped, renamed or left out, in full sentences.
  public let notes: [String]
  /// The part that was requested of a file that holds several models.
  public private(set) var part: String?

  /// The maximum number of tensors in a checkpoint. Real ones have a few thousand.
  static let tensorLimit = 100_000

  private let tensors: [StoredTensor]
  private let maps: [MappedFile]
  private let positions: [ExactName: Int]

  /// Reads the headers of `path`; the tensors stay in the file.
  ///
  /// What training code wraps around a model is removed: dictionaries around its state dict, prefixes shared by all names. 8-bit floats, and 8-bit
  /// integers with scales, are presented as the numbers they represent. `notes` say what was done.
  ///
  /// - Parameters:
  ///   - path: A file of any known kind, recognised by its content; the `.index.json` of shards; one of several shards; or a folder with one of
  ///     these.
  ///   - part: The part to read of a file that holds several models: a dictionary key (`ema`), a prefix of names (`teacher`), or both
  ///     (`state_dict.teacher`).
  public static func open(_ path: String, part: String? = nil) throws(CheckpointError) -> Checkpoint {
    var path = path, note: String?
    if isFolder(path) {
      let found = try checkpointInFolder(path)
      (path, note) = (joinPath(path, found.name), found.note)
    }
    var files = [path]
    var content: CheckpointContent
    switch CheckpointSource(path) {
    case .file: content = try readFile(path, part: part)
    case .index(let index):
      content = try readShards(index: index, files: &files)
      content.part = part
      path = index
    case .shards(let shards):
      content = try readShards(shards)
      content.part = part
      (path, files) = (shards.first ?? path, shards)
    }
    if let note { content.notes.insert(note, at: 0) }
    var checkpoint = try Checkpoint(path: path, files: files, unwrapping: content)
    checkpoint.part = part
    return checkpoint
  }

  /// Reads the headers of one file and leaves everything as stored: names with their prefixes, 8-bit numbers, a single shard.
  package static func openAsStored(_ path: String) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(path: path, files: [path], content: readFile(path))
  }

  static func readFile(_ path: String, part: String? = nil) throws(CheckpointError) -> CheckpointContent {
    let file = try MappedFile(path)
    var content = try readContent(file.view, path: path, part: part)
    content.maps = [file]
    return content
  }

  /// Reads a file that is already in memory; `path` is used in messages, and only decides which error a damaged file gets.
  package static func open(_ bytes: ByteView, path: String) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(path: path, files: [path], unwrapping: readContent(bytes, path: path))
  }

  private init(path: String, files: [String], unwrapping content: CheckpointContent) throws(CheckpointError) {
    var content = content
    if let part = content.part {
      let isStored = content.select(part)
      content.stripPrefixes()
      guard isStored || content.select(part) else {
        throw CheckpointError(path, .noSuchPart, found: "'\(part)'")
      }
      if !isStored { content.stripPrefixes() }
    } else {
      content.stripPrefixes()
    }
    try content.widenFloat8()
    try content.widenInt8()
    try self.init(path: path, files: files, content: content)
  }

  private init(path: String, files: [String], content: CheckpointContent) throws(CheckpointError) {
    self.path = path
    self.files = files
    container = content.container
    metadata = content.metadata
    notes = content.notes
    maps = content.maps
    tensors = content.tensors
    entries = tensors.map(\.entry)
    var positions: [ExactName: Int] = [:]
    positions.reserveCapacity(tensors.count)
    for (position, entry) in entries.enumerated() {
      guard positions.updateValue(position, forKey: ExactName(entry.name)) == nil else {
        throw CheckpointError(entry.file, .duplicateName, tensor: entry.name, offset: entry.fileOffset)
      }
    }
    self.positions = positions
  }

  /// The tensors of two checkpoints, with a prefix added to the names of the second.
  package func joined(with other: Checkpoint, under prefix: String) throws(CheckpointError) -> Checkpoint {
    let others = other.tensors.map { tensor in
      var renamed = tensor
      let entry = tensor.entry
      renamed.entry = CheckpointEntry(
        name: prefix + entry.name, dtype: entry.dtype, shape: entry.shape, byteCount: entry.byteCount,
        file: entry.file, fileOffset: entry.fileOffset)
      return renamed
    }
    return try Checkpoint(
      path: path, files: files + other.files,
      content: CheckpointContent(
        container: container, tensors: tensors + others, metadata: metadata, notes: notes + other.notes,
        maps: maps + other.maps))
  }

  /// The tensor with this name, or nil.
  public func entry(_ name: String) -> CheckpointEntry? { positions[ExactName(name)].map { entries[$0] } }

  /// The tensor with this name: a view of the mapped file if its bytes can be used directly, otherwise a fresh copy
  /// (compressed, big-endian, column-major or strided).
  ///
  /// - Throws: `noSuchTensor`, or an error that only reading the data reveals, such as a wrong checksum.
  public func tensor(_ name: String) throws(CheckpointError) -> Tensor {
    guard let position = positions[ExactName(name)] else { throw CheckpointError(path, .noSuchTensor, tensor: name) }
    let stored = tensors[position]
    return Tensor(dtype: stored.entry.dtype, shape: stored.entry.shape, data: try stored.read())
  }

  /// Some rows of a tensor, which are indices of its first axis.
  ///
  /// A compressed tensor is inflated only once if its rows are read in order, and is never held in memory as a whole; its checksum is verified with
  /// the last row.
  ///
  /// - Precondition: The tensor, if it exists, has at least one axis and these rows.
  public func tensor(_ name: String, rows: Range<Int>) throws(CheckpointError) -> Tensor {
    guard let position = positions[ExactName(name)] else { throw CheckpointError(path, .noSuchTensor, tensor: name) }
    let stored = tensors[position], shape = stored.entry.shape
    precondition(!shape.isEmpty && rows.lowerBound >= 0 && rows.upperBound <= shape[0], "a tensor has no such rows")
    let rowSize = shape[0] > 0 ? stored.entry.byteCount / shape[0] : 0
    let range = rows.lowerBound * rowSize..<rows.upperBound * rowSize
    let data: ByteView
    if let readPart = stored.readPart { data = try readPart(range) } else { data = try stored.read()[range] }
    return Tensor(dtype: stored.entry.dtype, shape: [rows.count] + shape.dropFirst(), data: data)
  }

  /// Whether `tensor(_:rows:)` may take less memory than the whole tensor, which must be inflated or gathered.
  package func isReadInParts(_ name: String) -> Bool {
    positions[ExactName(name)].map { tensors[$0].readPart != nil } ?? false
  }
}

extension Checkpoint {
  /// Lets the system reclaim the memory of the mapped files; tensors still in use are read from the files again.
  package func release() { maps.forEach { $0.release() } }
}

/// What a reader finds in one file.
struct CheckpointContent {
  var container: Checkpoint.Container
  var tensors: [StoredTensor]
  var metadata: [String: String] = [:]
  var notes: [String] = []
  /// The prefix of names to which the caller wants to restrict the tensors.
  var part: String?
  /// The files that the tensors are views of.
  var maps: [MappedFile] = []
}

/// A tensor and how to read its bytes.
struct StoredTensor: Sendable {
  var entry: CheckpointEntry
  /// Returns exactly `entry.byteCount` bytes, little-endian and row-major.
  var read: @Sendable () throws(CheckpointError) -> ByteView
  /// Returns a range of these bytes alone; nil if the whole is a view or can only be made as a whole.
  var readPart: (@Sendable (Range<Int>) throws(CheckpointError) -> ByteView)?
}

extension CheckpointEntry {
  /// The largest number of dimensions, as in NumPy and PyTorch.
  static let dimensionLimit = 64

  /// The number of bytes that dtype and shape require; overflow is checked from left to right.
  static func byteCount(
    _ dtype: DType, _ shape: [Int], file: String, tensor: String?, offset: Int?
  ) throws(CheckpointError) -> Int {
    func error(_ rule: CheckpointError.Rule) -> CheckpointError {
      CheckpointError(file, rule, tensor: tensor, offset: offset, found: "\(dtype.rawValue) \(shape)")
    }
    guard shape.count <= dimensionLimit else {
      throw CheckpointError(
        file, .tooManyDimensions, tensor: tensor, offset: offset, expected: "at most \(dimensionLimit)",
        found: "\(shape.count)")
    }
    guard let count = elementCount(shape) else { throw error(.sizeOverflow) }
    guard let bytes = dtype.byteCount(of: count) else {
      throw error(count.multipliedReportingOverflow(by: dtype.bits).overflow ? .sizeOverflow : .partialByte)
    }
    return bytes
  }
}
