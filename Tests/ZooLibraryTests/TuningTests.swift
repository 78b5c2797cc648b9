import Foundation
import Testing
import Zoo

#if os(Linux)
  /// What `zoo doctor --tune` stores counts for apps that open models from the same store.
  @Suite struct TuningTests {
    private static var processor: String {
      let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
      return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
    }

    @Test func aStoreSelectsWhatWasFastest() async throws {
      let folder = try Folder(), store = ModelStore(home: folder.url)
      _ = try await store.install(await Conversion.open(Demo.checkpoint))
      func write(_ backend: String, processor: String) throws {
        let rate = ["precision": "f32", "backend": backend, "gflop_per_second": 1] as [String: Any]
        let tuning = ["processor": processor, "threads": 2, "rates": [rate]] as [String: Any]
        try JSONSerialization.data(withJSONObject: tuning).write(to: folder.url.appending(path: "tuning.json"))
      }
      func name(_ backend: Backend = .automatic, _ precision: Precision = .f32) async throws -> String {
        try await store.open("ViT-Ti-8-emoji", backend: backend, precision: precision).algebraName
      }
      let before = try await (name(), name(.automatic, .int8))
      let (blas, own) = try await (name(.blas), name(.own))
      #expect(blas != own)
      for (backend, expected) in [("blas", blas), ("own", own)] {
        try write(backend, processor: Self.processor)
        #expect(try await name() == expected)
      }
      // An explicit backend is used as given; what was not measured, and another processor, follow the table.
      #expect(try await name(.blas) == blas)
      #expect(try await name(.automatic, .int8) == before.1)
      try write("blas", processor: "another processor")
      #expect(try await name() == before.0)
    }
  }
#endif
