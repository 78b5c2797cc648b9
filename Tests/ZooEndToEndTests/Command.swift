import Foundation
import ZooTestSupport

/// Runs the built `zoo` as a user would, with a model store of its own.
final class Command: Sendable {
  let home: URL

  init() throws {
    home = FileManager.default.temporaryDirectory.appending(path: "zoo-e2e-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: home) }

  struct Outcome {
    let code: Int32
    let output: String
    let errors: String

    func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(output.utf8)) }
  }

  /// A path in the store's folder, for files of the test.
  func file(_ name: String) -> String { home.appending(path: name).path }

  @discardableResult
  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try run(arguments, environment: environment)
  }

  /// - Parameter program: Nil for `zoo` itself.
  @discardableResult
  func run(
    program: String? = nil, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = try start(program: program, arguments, environment: environment)
    let output = process.standardOutput as! Pipe, errors = process.standardError as! Pipe
    let group = DispatchGroup()
    let errorBox = Box()
    group.enter()
    DispatchQueue.global().async {
      errorBox.data = errors.fileHandleForReading.readDataToEndOfFile()
      group.leave()
    }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    group.wait()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      output: String(decoding: text, as: UTF8.self), errors: String(decoding: errorBox.data, as: UTF8.self))
  }

  /// Starts without waiting.
  func start(
    program: String? = nil, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Process {
    let process = Process()
    process.executableURL = program.map { URL(filePath: $0) } ?? Self.executable
    process.arguments = arguments
    process.currentDirectoryURL = Golden.repository
    process.environment = ProcessInfo.processInfo.environment
      .merging(["ZOO_HOME": home.path]) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = Pipe()
    process.standardError = Pipe()
    try process.run()
    return process
  }

  private final class Box: @unchecked Sendable { var data = Data() }

  /// The product is beside the test bundle.
  static let executable: URL = {
    var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    for _ in 0..<6 {
      let candidate = folder.appending(path: "zoo")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    return URL(filePath: "zoo")
  }()
}
