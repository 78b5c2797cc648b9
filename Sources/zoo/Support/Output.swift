#if canImport(Darwin)
  @preconcurrency import Darwin
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Glibc
#endif

/// Standard output, which may be full or closed: what was printed is only done once it has been written.
enum Output {
  /// Opens `/dev/null` in place of standard streams that were closed by the caller. Otherwise the next file that is
  /// opened would take their number, and what is printed would end up in it. Call before anything else.
  static func keepDescriptors() {
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // Read-only for standard output, so that printing to it is still an error.
      let opened = open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY)
      if opened >= 0, opened != descriptor {
        dup2(opened, descriptor)
        close(opened)
      }
    }
  }

  /// Writes what has been printed so far. Ends the process quietly where the reader has gone away (`| head`).
  static func flush() throws(CallError) {
    errno = 0
    guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
    let code = errno
    if code == EPIPE { _exit(128 + SIGPIPE) }
    throw .outputLost(reason: String(cString: strerror(code == 0 ? EIO : code)))
  }

  /// As `flush`, for the end of the process: prints the error and returns false where output was lost.
  static func finish() -> Bool {
    do {
      try flush()
      return true
    } catch {
      Terminal.error("\(error)")
      return false
    }
  }

  /// Ends the process when all that was printed is written; with 1 where output was lost.
  ///
  /// What libraries do at exit is left out: threads may still work with what they would take away.
  static func leave(_ code: Int32) -> Never { _exit(finish() ? code : 1) }
}
