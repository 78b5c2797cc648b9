#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Makes a file that no name leads to, and so is gone with its last descriptor, however the process ends. `/dev/fd/DESCRIPTOR` opens it again.
///
/// - Returns: a descriptor to read and write with; nil, with the reason in `errno`, where the folder takes no file.
package func makeNamelessFile(in folder: String) -> Int32? {
  var template = Array("\(folder.hasSuffix("/") ? folder : folder + "/").zoo-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  guard descriptor >= 0 else { return nil }
  unlink(template)
  return descriptor
}
