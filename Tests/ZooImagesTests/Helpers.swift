import Foundation
import Testing
import ZooCheckpoints
import ZooImages
import ZooTestSupport

/// A picture in `Tests/Golden/images/sources`.
func source(_ name: String) throws -> Picture {
  try Picture(contentsOf: Golden.url("images/sources/\(name)"))
}

/// Like `source`; nil for a format that this build does not support, which must be rejected by name.
func sourceIfRead(_ name: String) throws -> Picture? {
  let file = Golden.url("images/sources/\(name)"), format = try #require(PictureFormat(of: file.path))
  if format.isRead { return try source(name) }
  #expect(throws: PictureError.unsupportedFormat(name: file.path, format: format)) { try source(name) }
  return nil
}

/// The pictures' case file: a list of dictionaries under `key`.
func cases(_ key: String) throws -> [[String: Any]] {
  let all = try #require(try Golden.json("images/case.json") as? [String: Any])
  return try #require(all[key] as? [[String: Any]])
}

/// An RGB picture from a golden array of shape [height, width, 3].
func picture(_ array: GoldenArray) -> Picture {
  Picture(width: array.shape[1], height: array.shape[0], pixels: array.bytes)
}

/// Expects equal numbers; reports how many differ and the largest difference.
func expectSame<Number: BinaryInteger>(
  _ got: [Number], _ want: [Number]?, _ label: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(got.map { Double($0) }, want?.map { Double($0) }, within: 0, label, sourceLocation: sourceLocation)
}

func expectSame(
  _ got: [Float], _ want: [Float]?, _ label: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(got.map { Double($0) }, want?.map { Double($0) }, within: 0, label, sourceLocation: sourceLocation)
}

func expectClose(
  _ got: [Double], _ want: [Double]?, within tolerance: Double, _ label: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let want, want.count == got.count else {
    Issue.record("\(label): \(got.count) numbers against \(want?.count ?? 0)", sourceLocation: sourceLocation)
    return
  }
  let off = zip(got, want).map { abs($0 - $1) }.filter { !($0 <= tolerance) }
  guard let most = off.max() else { return }
  let message = "\(label): \(off.count) of \(got.count) differ, by up to \(most)"
  Issue.record("\(message)", sourceLocation: sourceLocation)
}

/// In hexadecimal.
func sha256(_ message: [UInt8]) -> String {
  message.withUnsafeBytes { ZooCheckpoints.sha256(of: $0).description }
}
