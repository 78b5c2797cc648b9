import CFiles
import ZooTensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A read-only file in memory, mapped for as long as the object or a view of it lives.
///
/// If the file shrinks meanwhile, reading it raises a bus error, so writers replace files by renaming, as `SafetensorsWriter` does. The command turns
/// the signal into an error that names the file.
package final class MappedFile: RereadableMemory, @unchecked Sendable {
  package let path: String
  private let bytes: UnsafeRawBufferPointer
  /// Finds the name of the file if reading it fails.
  private let remembered: Int32

  /// Maps the regular file at `path`.
  ///
  /// Folders, pipes, devices and empty files are refused without waiting for them.
  package init(_ path: String) throws(CheckpointError) {
    self.path = path
    guard !path.utf8.contains(0) else { throw CheckpointError(path, .notFound) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw systemError(path) }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw systemError(path) }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError(path, .notAFile, found: kind(of: information.st_mode))
    }
    guard information.st_size > 0 else { throw CheckpointError(path, .empty) }
    guard let size = Int(exactly: information.st_size),
      let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else { throw systemError(path) }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
    remembered = zoo_remember_map(start, size, printable(path))
  }

  deinit {
    zoo_forget_map(remembered)
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// Gives the pages read so far back to the system; they are read from the file again when needed.
  package func release() { release(bytes) }

  /// Gives back the whole pages in a range of its bytes.
  package func release(_ part: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, let start = part.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (start - base + page - 1) / page * page
    let end = (start - base + part.count) / page * page
    guard first >= 0, first < end, end <= bytes.count else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
  }

  /// The whole file.
  package var view: ByteView { ByteView(bytes, owner: self) }
}

/// True for a folder or a link to one.
package func isFolder(_ path: String) -> Bool {
  var information = stat()
  return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
}

/// The names in a folder, sorted.
func namesInFolder(_ path: String) throws(CheckpointError) -> [String] {
  guard let folder = opendir(path) else { throw systemError(path) }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
        String(cString: $0)
      }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// The error that `errno` stands for.
private func systemError(_ path: String) -> CheckpointError {
  let code = errno
  switch code {
  case ENOENT, ENOTDIR: return CheckpointError(path, .notFound)
  case EACCES, EPERM, ELOOP, ENAMETOOLONG, ENXIO, EISDIR, EINVAL:
    return CheckpointError(path, .notReadable, found: systemMessage(code))
  default: return CheckpointError(path, .systemFailed, found: systemMessage(code))
  }
}

/// The system's message for an error number.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }

private func kind(of mode: mode_t) -> String {
  switch mode & S_IFMT {
  case S_IFDIR: "it is a folder"
  case S_IFIFO: "it is a pipe"
  case S_IFSOCK: "it is a socket"
  case S_IFCHR, S_IFBLK: "it is a device"
  default: "it is something else"
  }
}
