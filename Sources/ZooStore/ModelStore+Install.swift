import Foundation
import ZooConvert
import ZooModels

extension ModelStore {
  /// Writes a conversion into the store, holding the model's lock: if two processes want the same model, one waits for the other.
  ///
  /// - Parameters:
  ///   - replacing: True to replace a model that is installed under this name, at the very end.
  ///   - lock: The model's lock, if the caller has taken it. It is released at the end.
  ///   - waiting: Called once before a wait, with the number of the other process if known.
  ///   - progress: Called after every piece; throwing cancels the conversion, and nothing is left behind.
  ///   - probe: Receives the finished folder before it gets its name, as in `Conversion.write`.
  /// - Returns: The content of `model.json`.
  /// - Throws: `StoreError`, `NameError`, and what `Conversion.write` throws.
  @discardableResult
  package func install(
    _ conversion: Conversion, replacing: Bool = false, lock: StoreLock? = nil, waiting: (Int?) -> Void = { _ in },
    progress: (ConversionProgress) throws -> Void = { _ in }, probe: ((_ folder: String) throws -> ProbeOutcome)? = nil
  ) throws -> ModelDescription {
    let lock = try lock ?? self.lock("\(conversion.model.name)", waiting: waiting)
    defer { lock.release() }
    return try conversion.write(
      to: place(of: conversion).path(percentEncoded: false), replacing: replacing, progress: progress, probe: probe)
  }

  /// The folder for a conversion.
  ///
  /// - Throws: `NameError`, and `StoreError.link` if something would be written through a link.
  package func place(of conversion: Conversion) throws -> URL {
    try place(of: conversion.model.architecture.name, tag: conversion.model.tag)
  }
}
