import Foundation
import ZooTensors

#if canImport(Darwin)
  import Darwin
#endif

/// A processor's name and instruction sets, as reported by the system.
package struct ProcessorFeatures: Sendable, Hashable {
  package let name: String
  /// `avx512_bf16`, `amx_bf16`, `i8mm`, ...: the flags in `/proc/cpuinfo`. On macOS, `apple` for Apple's own processors.
  package let flags: Set<String>

  package init(name: String, flags: Set<String>) { (self.name, self.flags) = (name, flags) }

  /// Those of this machine.
  package static let current = ProcessorFeatures()

  private init() {
    #if os(Linux)
      // Only the first of the listed processors is needed: the system generates this text while it is read, which is slow if there are hundreds of
      // them.
      let file = try? OpenFile(reading: "/proc/cpuinfo")
      let text = String(decoding: (try? file?.read(upTo: 1 << 14)) ?? Data(), as: UTF8.self)
      func value(_ keys: String...) -> String? {
        text.split(separator: "\n").lazy.compactMap { line -> String? in
          let pair = line.split(separator: ":", maxSplits: 1).map { $0.trimmed }
          return pair.count == 2 && keys.contains(pair[0]) ? pair[1] : nil
        }.first
      }
      name = value("model name", "Model", "Hardware") ?? "unknown"
      flags = Set((value("flags", "Features") ?? "").split(separator: " ").map(String.init))
    #else
      var size = 0
      sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
      var bytes = [UInt8](repeating: 0, count: size)
      sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0)
      name = size > 0 ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : "unknown"
      flags = name.hasPrefix("Apple") ? ["apple"] : []
    #endif
  }

  /// The flags that decide how fast products are.
  package var notable: [String] {
    [
      "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16",
      "avx_vnni", "amx_bf16", "amx_int8", "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve", "apple",
    ].filter(flags.contains)
  }
}
