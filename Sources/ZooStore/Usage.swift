import Foundation

/// What the zoo takes on the disk, in bytes.
public struct StoreUsage: Sendable {
  public let models: [InstalledModel]
  public let downloads: Int
  public let leftovers: Int
  /// Everything under the zoo's folder.
  public let total: Int
}

extension Store {
  /// The bytes of all files in a folder of the zoo.
  public func size(of directory: URL) -> Int { bytes(under: directory) }

  /// Adds up the sizes of all files.
  public func usage() -> StoreUsage {
    let left = leftovers().filter { $0.kind != .download }.reduce(0) { $0 + $1.bytes }
    return StoreUsage(
      models: installed().sorted { $0.size > $1.size }, downloads: bytes(under: downloads), leftovers: left,
      total: bytes(under: home))
  }
}
