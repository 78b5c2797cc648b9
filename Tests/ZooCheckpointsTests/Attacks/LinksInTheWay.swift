import Foundation
import Testing
import ZooCheckpoints
import ZooTensors

/// A link under the name of a file that is being written is not followed.
@Suite struct LinksInTheWayTests {
  @Test func whatALinkNamesStaysAsItIs() throws {
    let folder = try TemporaryFolder()
    let precious = try folder.write(Array("precious".utf8), "precious")
    try FileManager.default.createSymbolicLink(atPath: folder("w.safetensors.partial"), withDestinationPath: precious)
    let error = try checkpointError {
      _ = try SafetensorsWriter(folder("w.safetensors"), tensors: [("w", .f32, [1])])
    }
    #expect(error.rule == .writeFailed)
    #expect(try String(contentsOfFile: precious, encoding: .utf8) == "precious")
  }
}
