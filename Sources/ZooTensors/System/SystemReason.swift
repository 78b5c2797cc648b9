import Foundation

/// The system's own words for a failed file operation, such as "No space left on device".
///
/// Foundation wraps them in sentences of its own ("The operation could not be completed") that help nobody.
package func systemReason(of error: any Error) -> String {
  if let error = error as? POSIXError { return systemReason(error.code.rawValue) }
  guard let error = error as? CocoaError else { return "\(error)" }
  if let cause = error.underlying { return systemReason(of: cause) }
  return switch error.code {
  case .fileNoSuchFile, .fileReadNoSuchFile: "there is no such file"
  case .fileReadNoPermission, .fileWriteNoPermission: "permission denied"
  case .fileWriteOutOfSpace: "no space left on device"
  case .fileWriteFileExists: "a file of that name is in the way"
  case .fileReadTooLarge: "it is too large"
  case .fileWriteVolumeReadOnly: "the file system is read-only"
  case .fileReadInapplicableStringEncoding, .fileReadUnknownStringEncoding: "it is not UTF-8 text"
  default: "the system gives no reason"
  }
}

private func systemReason(_ code: Int32) -> String {
  switch code {
  // From creating folders.
  case EEXIST: "a file of that name is in the way"
  case ENOTDIR: "its folder is a file"
  default: String(cString: strerror(code))
  }
}
