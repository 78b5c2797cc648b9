#if canImport(Darwin)
  @preconcurrency import Darwin
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Glibc
#endif

/// Standard output, which may be full or closed: printing is only done once the text has been written.
enum Output {
  /// Opens `/dev/null` for standard streams that the caller closed. Otherwise the next file that is opened would get their number, and printed text
  /// would end up in it. Call this before anything else.
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

  /// Writes what has been printed so far. Ends the process silently if the reader has exited (`| head`).
  static func flush() throws(CallError) {
    errno = 0
    guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
    let code = errno
    if code == EPIPE { _exit(128 + SIGPIPE) }
    throw .outputLost(reason: String(cString: strerror(code == 0 ? EIO : code)))
  }

  /// Like `flush`, for the end of the process: prints the error and returns false if output was lost.
  static func finish() -> Bool {
    do {
      try flush()
      return true
    } catch {
      Terminal.error("\(error)")
      return false
    }
  }

  /// Ends the process after all printed text is written; with 1 if output was lost.
  ///
  /// Exit handlers of libraries are skipped: threads may still use what they would free.
  static func leave(_ code: Int32) -> Never { _exit(finish() ? code : 1) }
}
