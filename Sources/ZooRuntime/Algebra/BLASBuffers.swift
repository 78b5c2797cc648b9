#if os(Linux)
  import Synchronization

  #if canImport(Musl)
    import Musl
  #else
    import Glibc
  #endif

  /// The buffers of OpenBLAS, one for each concurrent call, which it keeps. If a limit (`ulimit -v`) refuses one, OpenBLAS retries forever, so this
  /// checks first.
  enum BLASBuffers {
    /// Debian's are 128 MB of address space.
    private static let byteCount = 160 << 20
    private static let callers = Atomic<Int>(0), most = Atomic<Int>(0)
    private static let isLimited: Bool = {
      var limit = rlimit()
      #if canImport(Musl)
        return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != ~0
      #else
        return getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 && limit.rlim_cur != ~0
      #endif
    }()

    static func enter() {
      guard isLimited else { return }
      let count = callers.add(1, ordering: .relaxed).newValue
      guard count > most.load(ordering: .relaxed) else { return }
      let size = byteCount * (count - most.load(ordering: .relaxed))
      guard let room = mmap(nil, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), room != MAP_FAILED else {
        abort()  // as for any other memory that is refused; the command prints the error
      }
      munmap(room, size)
      most.store(count, ordering: .relaxed)
    }

    static func leave() { if isLimited { callers.subtract(1, ordering: .relaxed) } }
  }
#endif
