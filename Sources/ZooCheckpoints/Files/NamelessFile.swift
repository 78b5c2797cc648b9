#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Creates a file without a name, which disappears with its last descriptor however the process ends. `/dev/fd/DESCRIPTOR` opens it again.
///
/// - Returns: A descriptor for reading and writing; nil, with the reason in `errno`, if no file can be created in the folder.
package func makeNamelessFile(in folder: String) -> Int32? {
  var template = Array("\(folder.hasSuffix("/") ? folder : folder + "/").zoo-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  guard descriptor >= 0 else { return nil }
  unlink(template)
  return descriptor
}
