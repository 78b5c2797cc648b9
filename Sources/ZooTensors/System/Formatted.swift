#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Numbers as printf(3) writes them.
package func formatted(_ format: String, _ values: any CVarArg...) -> String {
  withVaList(values) { values in
    // The largest number of "%f" has 309 digits.
    var text = [CChar](repeating: 0, count: 512)
    vsnprintf(&text, text.count, format, values)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
