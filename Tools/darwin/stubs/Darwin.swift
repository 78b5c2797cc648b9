// What macOS's C library has in common with this machine's.
@_exported import Glibc

@discardableResult
public func sysctlbyname(
  _ name: UnsafePointer<CChar>!, _ oldp: UnsafeMutableRawPointer!, _ oldlenp: UnsafeMutablePointer<Int>!,
  _ newp: UnsafeMutableRawPointer!, _ newlen: Int
) -> Int32 { 0 }

/// On macOS, RUSAGE_SELF is an integer, which this function takes.
@discardableResult
public func getrusage(_ who: __rusage_who, _ usage: UnsafeMutablePointer<rusage>!) -> Int32 { 0 }
