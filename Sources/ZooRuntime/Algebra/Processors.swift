import CZooKernels
import Foundation
import ZooTensors

/// The processors that this process may use.
package enum Processors {
  /// Processors that the system runs this process on, or fewer if its control group is given less time than they have: in a container with two
  /// processors' time on a host with 64, 64 threads would be idle most of the time.
  package static let usable = max(1, min(present, limit() ?? present))

  /// Processors that the system runs this process on, according to its affinity.
  package static var present: Int {
    let processors = Int(zoo_processors())
    // Not Foundation's first: where version 1 of control groups is mounted, that is the root group's, whatever the affinity.
    return processors > 0 ? processors : ProcessInfo.processInfo.activeProcessorCount
  }

  /// The processor time that the process's control groups allow, in processors, rounded up; nil if there is no limit.
  ///
  /// A group may not use more than its parents: the smallest limit on the path to the root applies.
  ///
  /// - Parameters:
  ///   - root: Where control groups are mounted.
  ///   - membership: `/proc/self/cgroup`: a line `0::/PATH` (version 2), or `NUMBER:cpu,cpuacct:/PATH` (version 1).
  package static func limit(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") -> Int? {
    guard let text = try? String(contentsOfFile: membership, encoding: .utf8) else { return nil }
    let limits = text.split(separator: "\n").flatMap { line -> [Double] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let controllers = parts[1].split(separator: ",")
      if parts[1].isEmpty { return ancestors(of: parts[2]).compactMap { quota2("\(root)\($0)") } }
      guard controllers.contains("cpu") else { return [] }
      return [String(parts[1]), "cpu"].flatMap { mount in
        ancestors(of: parts[2]).compactMap { quota1("\(root)/\(mount)\($0)") }
      }
    }
    return limits.min().map { max(1, Int($0.rounded(.up))) }
  }

  /// `/a/b`, `/a` and the root, as suffixes for a mount's path.
  private static func ancestors(of path: Substring) -> [String] {
    let names = path.split(separator: "/")
    return (0...names.count).map { names.prefix($0).map { "/\($0)" }.joined() }
  }

  /// `cpu.max`: time and period in microseconds, or `max`.
  private static func quota2(_ folder: String) -> Double? {
    let numbers = words(of: "\(folder)/cpu.max").compactMap(Double.init)
    return numbers.count == 2 ? share(numbers[0], of: numbers[1]) : nil
  }

  /// `cpu.cfs_quota_us`, negative if there is no limit, and `cpu.cfs_period_us`.
  private static func quota1(_ folder: String) -> Double? {
    guard let quota = words(of: "\(folder)/cpu.cfs_quota_us").first.flatMap(Double.init),
      let period = words(of: "\(folder)/cpu.cfs_period_us").first.flatMap(Double.init)
    else { return nil }
    return share(quota, of: period)
  }

  private static func share(_ quota: Double, of period: Double) -> Double? {
    quota > 0 && period > 0 && quota / period < 1e6 ? quota / period : nil
  }

  private static func words(of file: String) -> [String] {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return [] }
    return text.split(whereSeparator: \.isWhitespace).map(String.init)
  }
}
