import Foundation
import Testing

/// `zoo doctor --tune`.
@Suite struct TuningTests {
  @Test func whatIsMeasuredIsKeptAndFollowed() throws {
    let zoo = try Command()
    let tuned = try zoo.run("doctor", "--tune", "--json")
    #expect(tuned.code == 0, "\(tuned.errors)")
    let report = try #require(try tuned.json() as? [String: Any])
    let rates = try #require((report["tuning"] as? [String: Any])?["rates"] as? [[String: Any]])
    let choices = try #require(report["choices"] as? [[String: Any]])
    #expect(!choices.isEmpty)
    for choice in choices {
      let precision = choice["precision"] as? String
      let own = rates.filter { $0["precision"] as? String == precision }
      let fastest = own.max { ($0["gflop_per_second"] as! Double) < ($1["gflop_per_second"] as! Double) }
      let rate = try #require(fastest?["gflop_per_second"] as? Double)
      #expect(rate > 0.1)
      #expect(
        choice["reason"] as? String
          == String(format: "the fastest that 'zoo doctor --tune' measured, %.0f GFLOP/s", rate))
    }
    #expect(rates.contains { $0["backend"] as? String == "blas" && $0["precision"] as? String == "f32" })

    // A backend that only a file selects is used: so the file is followed.
    let file = URL(filePath: zoo.file("tuning.json"))
    let processor = try #require((report["processor"] as? [String: Any])?["name"] as? String)
    func write(_ processor: String) throws {
      let rate = ["precision": "f32", "backend": "blas", "gflop_per_second": 1] as [String: Any]
      let tuning = ["processor": processor, "threads": 2, "rates": [rate]] as [String: Any]
      try JSONSerialization.data(withJSONObject: tuning).write(to: file)
    }
    func chosen() throws -> String? {
      let report = try zoo.run("doctor", "--json").json() as? [String: Any]
      return (report?["choices"] as? [[String: Any]])?.first { $0["precision"] as? String == "f32" }?["backend"]
        as? String
    }
    try write(processor)
    let followed = try chosen()
    #expect(followed?.contains("BLAS") == true || followed == "Accelerate", "\(followed ?? "none")")
    try zoo.run("convert", MainJobTests.checkpoint)
    let bench = try zoo.run("bench", "ViT-Ti-8-emoji", "--runs", "1", "--only", "image tower", "--json")
    #expect((try bench.json() as? [String: Any])?["backend"] as? String == followed)
    // A file for a different processor is not used, nor one that cannot be read.
    try write("another processor")
    #expect(try chosen() != followed)
    try Data("{".utf8).write(to: file)
    #expect(try zoo.run("doctor").code == 0)
  }
}
