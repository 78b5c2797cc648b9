#if os(Linux)
  import Foundation
  import Testing

  /// The processors that a process is bound to, whatever control groups say.
  @Suite struct AffinityTests {
    /// The first of the processors that this process is bound to.
    private func someProcessor() throws -> String {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
      return String(line.dropFirst("Cpus_allowed_list:".count).drop { $0.isWhitespace }.prefix { $0.isNumber })
    }

    @Test func aProcessBoundToOneProcessorHasOneThread() throws {
      let zoo = try Command()
      let bound = try zoo.run(
        program: "/usr/bin/taskset", ["-c", someProcessor(), Command.executable.path, "doctor", "--json"])
      #expect(bound.code == 0, "\(bound.errors)")
      let report = try #require(bound.json() as? [String: Any])
      #expect(report["processors"] as? Int == 1)
      #expect(report["threads"] as? Int == 1)
    }
  }
#endif
