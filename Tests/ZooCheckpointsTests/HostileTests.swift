import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Every checkpoint in `hostile/` gets the verdict in `verdicts.tsv`: rejected when it is opened or when its tensors are read, or accepted.
@Suite struct HostileTests {
  @Test(arguments: Verdict.all(in: "safetensors")) func safetensors(_ verdict: Verdict) throws { try check(verdict) }
  @Test(arguments: Verdict.all(in: "index")) func index(_ verdict: Verdict) throws { try check(verdict) }
  @Test(arguments: Verdict.all(in: "npy")) func npy(_ verdict: Verdict) throws { try check(verdict) }
  @Test(arguments: Verdict.all(in: "npz")) func npz(_ verdict: Verdict) throws { try check(verdict) }
  @Test(arguments: Verdict.all(in: "torch")) func torch(_ verdict: Verdict) throws { try check(verdict) }

  @Test func theListIsThere() {
    #expect(Verdict.all(in: "torch").count > 50)
    #expect(Verdict.all(in: "npy").count > 20)
    #expect(Verdict.all(in: "npz").count > 30)
    #expect(Verdict.all(in: "safetensors").count > 40)
    #expect(Verdict.all(in: "index").count == 14)
  }

  private func check(_ verdict: Verdict) throws {
    let path = Golden.url("hostile/" + verdict.path).path
    do {
      try readAll(Checkpoint.open(path))
      #expect(verdict.expected != "refuse", "\(verdict.why)")
    } catch let error as CheckpointError {
      #expect(verdict.expected != "accept", "\(verdict.why): \(error)")
      let folder = (path as NSString).deletingLastPathComponent
      #expect(error.description.hasPrefix(folder), "the message must name the file: \(error)")
      #expect(error.blame == .input)
    }
    #expect(!FileManager.default.fileExists(atPath: "GOLDEN_PICKLE_WAS_EXECUTED"))
  }
}
