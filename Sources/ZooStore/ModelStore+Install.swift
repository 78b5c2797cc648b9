import Foundation
import ZooConvert
import ZooModels

extension ModelStore {
  /// Writes a conversion into the zoo, under the model's lock: where two processes want the same model, one waits for the other.
  ///
  /// - Parameters:
  ///   - replacing: True to take the place of a model that is installed under this name, at the very end.
  ///   - lock: The model's lock, where the caller has taken it. It is given up at the end.
  ///   - waiting: Called once, with the number of the other process where it is known, before a wait.
  ///   - progress: Called after every piece; cancels the conversion if it throws, and nothing is left behind.
  ///   - probe: Is given the finished folder before it gets its name, as in `Conversion.write`.
  /// - Returns: What `model.json` says.
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

  /// Where a conversion goes.
  ///
  /// - Throws: `NameError`, and `StoreError.link` where something would be written through a link.
  package func place(of conversion: Conversion) throws -> URL {
    try place(of: conversion.model.architecture.name, tag: conversion.model.tag)
  }
}
