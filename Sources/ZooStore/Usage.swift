import Foundation

/// The disk usage of the store, in bytes.
package struct StoreUsage: Sendable {
  package let models: [InstalledModel]
  package let downloads: Int
  package let leftovers: Int
  /// Everything in the store's folder.
  package let total: Int
}

extension ModelStore {
  /// The size in bytes of all files in a folder of the store.
  package func size(of directory: URL) -> Int { bytes(under: directory) }

  /// Adds up the sizes of all files.
  package func usage() -> StoreUsage {
    let left = leftovers().filter { $0.kind != .download }.reduce(0) { $0 + $1.bytes }
    return StoreUsage(
      models: installed().sorted { $0.size > $1.size }, downloads: bytes(under: downloads), leftovers: left,
      total: bytes(under: home))
  }
}
