import Foundation
import Testing
import ZooRuntime

/// The number of threads for a container's share of time.
@Suite struct ProcessorTests {
  /// Writes control groups and the line that says which of them the process is in.
  private func limit(_ membership: String, _ files: [String: String]) throws -> Int? {
    let root = FileManager.default.temporaryDirectory.appending(path: "zoo-cgroup-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (name, text) in files {
      let file = root.appending(path: name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let own = root.appending(path: "membership")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    try Data(membership.utf8).write(to: own)
    return Processors.limit(root: root.path, membership: own.path)
  }

  @Test func aGroupMayUseNoMoreThanThoseAboveIt() throws {
    let group = "0::/user.slice/job\n"
    #expect(try limit(group, ["user.slice/job/cpu.max": "200000 100000\n"]) == 2)
    #expect(
      try limit(
        group, ["user.slice/job/cpu.max": "max 100000\n", "user.slice/cpu.max": "400000 100000\n"]) == 4)
    #expect(
      try limit(
        group, ["user.slice/job/cpu.max": "800000 100000\n", "user.slice/cpu.max": "300000 100000\n"]) == 3)
    // As seen inside a container, at the root of what is visible.
    #expect(try limit("0::/\n", ["cpu.max": "100000 100000\n"]) == 1)
  }

  @Test func partsOfAProcessorCountAsOne() throws {
    #expect(try limit("0::/\n", ["cpu.max": "150000 100000\n"]) == 2)
    #expect(try limit("0::/\n", ["cpu.max": "5000 100000\n"]) == 1)
  }

  @Test func firstVersion() throws {
    let group = "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n"
    let files = [
      "cpu,cpuacct/docker/1/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/docker/1/cpu.cfs_period_us": "100000\n",
    ]
    #expect(try limit(group, files) == 3)
    // In a container the folder is the mount itself.
    #expect(try limit(group, ["cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "50000\n"]) == 2)
    #expect(try limit(group, ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"]) == nil)
  }

  @Test func whatSaysNothingIsNoLimit() throws {
    #expect(try limit("0::/a\n", [:]) == nil)
    #expect(try limit("0::/a\n", ["a/cpu.max": "max 100000\n"]) == nil)
    for nonsense in ["", "x y z", "0 0", "-5 100000", "1e300 1", "nan 1"] {
      #expect(try limit("0::/a\nnonsense\n", ["a/cpu.max": nonsense]) == nil, "\(nonsense)")
    }
    #expect(Processors.limit(membership: "/nowhere") == nil)
    #expect(1...Processors.present ~= Processors.usable)
  }
}
