import Foundation
import ZooConvert
import ZooManifests
import ZooModels
import ZooRuntime
import ZooStore

/// The progress of installing a model.
public enum InstallProgress: Sendable {
  /// Files are being downloaded.
  case fetching(PullProgress)
  /// The checkpoint is being converted.
  case converting(ConversionProgress)
}

extension ModelStore {
  /// Converts a checkpoint into the store; each written tensor is read back and compared, and the model is run once.
  ///
  /// Cancelling the task ends the work after the current piece and leaves nothing behind. Throws a `ConvertError`, a `CheckpointError` or a
  /// `StoreError`.
  ///
  /// - Parameters:
  ///   - conversion: The conversion to write.
  ///   - replacing: True to replace a model with that name; false to return it if it came from the same source.
  ///   - progress: Called on the working thread.
  public func install(
    _ conversion: Conversion, replacing: Bool = false,
    progress: @escaping @Sendable (ConversionProgress) -> Void = { _ in }
  ) async throws -> InstalledModel {
    let target = try place(of: conversion)
    let lock = try await takeLock("\(conversion.model.name)")
    defer { lock.release() }
    let isDone = try await Background.run { _ in
      !replacing && conversion.isDone(in: target.path(percentEncoded: false))
    }
    if !isDone { _ = try await conversion.write(to: target, replacing: replacing, progress: progress) }
    return try installed(in: target)
  }

  /// Downloads a model from the Hugging Face hub or the web and converts it into the store; a model that is already there is returned unchanged.
  ///
  /// Cancelling the task ends the work. Downloaded data is kept, and the next pull continues from there. Throws a `PullError` and everything that
  /// `install` throws.
  ///
  /// - Parameters:
  ///   - reference: `ARCHITECTURE:TAG`, `OWNER/REPOSITORY[@REVISION][/FILE]` on the hub, or a URL.
  ///   - registry: The architectures and tags to choose from.
  ///   - options: What the caller knows about the checkpoint.
  ///   - dtype: The element type of the weights.
  ///   - settings: Where the hub and its local cache are; by default from the environment (`HF_TOKEN`, `HF_ENDPOINT`, `HF_HOME` and others).
  ///     Proxies are always those of the environment (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`).
  ///   - progress: Called often, from any thread.
  public func pull(
    _ reference: String, registry: Registry = .builtIn, options: ConversionOptions = ConversionOptions(),
    dtype: TargetDType = .keep, settings: HubSettings? = nil,
    progress: @escaping @Sendable (InstallProgress) -> Void = { _ in }
  ) async throws -> InstalledModel {
    let settings = try settings ?? HubSettings(), puller = Puller(store: self, settings: settings)
    let source = try PullSource(PullReference(reference, endpoint: settings.endpoint), registry: registry)
    let lock = try await takeLock(source.lockName)
    defer { lock.release() }
    if let name = source.model, let there = try? installed(in: resolve("\(name)")) { return there }
    let plan = try await puller.plan(source)
    if source.model == nil, let there = plan.digest.flatMap(installed(from:)) { return there }
    let file = try await puller.fetch(plan) { progress(.fetching($0)) }
    try Task.checkCancellation()
    var options = options
    options.model = options.model ?? source.model
    let conversion = try await Background.run { [options] _ in
      try Conversion(
        opening: file.path(percentEncoded: false), options: options, registry: registry, dtype: dtype)
    }
    let model = try await install(conversion) { progress(.converting($0)) }
    puller.discard(plan)
    return model
  }

  /// Opens a model by a path or by `ARCHITECTURE[:TAG]`; the tag may be omitted if only one is installed. Embeddings of prompts are cached in the
  /// store.
  ///
  /// Throws a `StoreError`, and everything that `ZooModel.init(directory:)` throws.
  public func open(
    _ reference: String, backend: Backend = .automatic, precision: Precision = .f32, threads: Int? = nil,
    language: String? = nil
  ) async throws -> ZooModel {
    try await Background.run { _ in
      let directory = try resolve(reference)
      let model = try ZooModel(
        directory: directory, algebra: makeAlgebra(backend: backend, precision: precision, tuning: tuning),
        parallel: Parallel(threads: threads), textCache: textCache, language: language)
      noteUse(of: directory)
      return model
    }
  }

  private func installed(in directory: URL) throws -> InstalledModel {
    guard let model = InstalledModel(directory: directory) else {
      throw StoreError.notAModel(path: directory.path(percentEncoded: false))
    }
    return model
  }
}

extension Conversion {
  /// Opens a checkpoint, identifies its model and plans the conversion. Nothing is written.
  ///
  /// Throws a `CheckpointError` if the checkpoint cannot be read, and a `ConvertError` if the model cannot be identified or its tensors are not those
  /// of the architecture.
  ///
  /// - Parameters:
  ///   - checkpoint: A file, an index of shards, or a folder with the structure of a Hugging Face repository.
  ///   - part: The part to read of a file that holds several models.
  ///   - text: A checkpoint whose text tower replaces the file's own, or is joined to it.
  ///   - options: What the caller knows about the checkpoint.
  ///   - registry: The architectures and tags to choose from.
  ///   - dtype: The element type of the weights.
  public static func open(
    _ checkpoint: URL, part: String? = nil, text: URL? = nil, options: ConversionOptions = ConversionOptions(),
    registry: Registry = .builtIn, dtype: TargetDType = .keep
  ) async throws -> Conversion {
    try await Background.run { _ in
      try Conversion(
        opening: checkpoint.path(percentEncoded: false), part: part, text: text?.path(percentEncoded: false),
        options: options, registry: registry, dtype: dtype)
    }
  }

  /// Writes the model to a folder chosen by the caller, which must not exist yet: like `ModelStore.install`, but outside of a store.
  public func write(
    to directory: URL, replacing: Bool = false, progress: @escaping @Sendable (ConversionProgress) -> Void = { _ in }
  ) async throws -> ModelDescription {
    try await Background.run { check in
      let report: (ConversionProgress) throws -> Void = { step in
        try check()
        progress(step)
      }
      return try write(to: directory.path(percentEncoded: false), replacing: replacing, progress: report) { folder in
        try ZooModel.probe(folder, step: check)
      }
    }
  }

  /// Compares with another checkpoint of the same model, in any layout, tensor by tensor; nothing is written.
  ///
  /// Cancelling the task ends the work after the current tensor. Throws a `ConvertError` if the other checkpoint's tensors are not those of this
  /// architecture, and a `CheckpointError`.
  public func compare(with other: Checkpoint) async throws -> ModelComparison {
    try await Background.run { check in try compare(with: other, step: check) }
  }
}

extension InstalledModel {
  /// Reads every tensor and compares its digest with the one in `model.json`.
  ///
  /// Cancelling the task ends the work after the current piece.
  ///
  /// - Parameters:
  ///   - headersOnly: True to check only names and shapes, which is instant.
  ///   - progress: Called every few megabytes with the number of bytes so far, on the working thread.
  /// - Returns: The defects, in the order of the weights; empty for an intact model.
  public func verify(
    headersOnly: Bool = false, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [Defect] {
    try await Background.run { check in
      try verify(headersOnly: headersOnly) { done in
        try check()
        progress(done)
      }
    }
  }

  /// Exports the model in another tool's format, reads it back and compares it.
  ///
  /// Cancelling the task ends the work after the current piece and leaves nothing behind. Throws a `ConvertError`.
  ///
  /// - Parameters:
  ///   - format: The format to write.
  ///   - target: A folder to create, with configuration and tokenizer; or a file ending in `.safetensors` or `.npz`, for the weights alone.
  ///   - options: The element type of the weights, the size of files, and whether to replace existing files.
  ///   - progress: Called on the working thread.
  public func export(
    as format: ExportFormat, to target: URL, options: ExportOptions = ExportOptions(),
    progress: @escaping @Sendable (ConversionProgress) -> Void = { _ in }
  ) async throws -> ExportReport {
    try await Background.run { check in
      try ZooConvert.export(
        description, in: directory.path(percentEncoded: false), as: format, to: target.path(percentEncoded: false),
        options: options
      ) { step in
        try check()
        progress(step)
      }
    }
  }
}
