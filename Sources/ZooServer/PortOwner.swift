import Foundation
import ZooTensors

/// The program that listens on a port of this machine: its name and process, if the system tells (Linux, own processes).
func ownerOfPort(_ port: Int) -> String? {
  // The system's table may lack a socket if others come and go while it is read.
  for _ in 0..<3 {
    if let owner = findOwner(port) { return owner }
  }
  return nil
}

private func findOwner(_ port: Int) -> String? {
  let wanted = formatted("%04X", port)
  let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { file in
    ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").compactMap { line -> String? in
      // Columns: place, local address, remote address, state (0A listens), ..., inode.
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[1].hasSuffix(":" + wanted), fields[3] == "0A" else { return nil }
      return "socket:[\(fields[9])]"
    }
  }
  guard !sockets.isEmpty else { return nil }
  let files = FileManager.default
  for process in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(process) != nil {
    let folder = "/proc/\(process)/fd"
    for descriptor in (try? files.contentsOfDirectory(atPath: folder)) ?? [] {
      guard let target = try? files.destinationOfSymbolicLink(atPath: "\(folder)/\(descriptor)"),
        sockets.contains(target)
      else { continue }
      let name = (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) ?? "a program"
      return "\(name.trimmed) (process \(process))"
    }
  }
  return nil
}
