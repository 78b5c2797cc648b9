import Foundation
import ZooModels

/// What `zoo doctor --tune` measured on this machine: `automatic` uses it instead of its table for models in that store.
package struct Tuning: Codable {
  package struct Rate: Codable {
    package let precision: Precision
    package let backend: Backend
    package let gflopPerSecond: Double
  }

  /// Valid for this processor only.
  private let processor: String
  private let threads: Int
  /// For each precision, the fastest first.
  private let rates: [Rate]

  /// Nil if there is none for this processor; a file that cannot be read is ignored.
  package static func read(from file: URL) -> Tuning? {
    guard let data = try? readFile(file.path(percentEncoded: false), limit: Limits.descriptionBytes),
      let tuning = try? manifestDecoder().decode(Tuning.self, from: data),
      tuning.processor == ProcessorFeatures.current.name
    else { return nil }
    return tuning
  }

  /// Creates the file's folder if there is none.
  package func write(to file: URL) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try replaceFile(file.path(percentEncoded: false), with: manifestEncoder().encode(self) + Data("\n".utf8))
  }

  /// The fastest backend of a precision with its rate; nil if none was measured, or if this build does not have it.
  package func choice(for precision: Precision) -> (algebra: any LinearAlgebra, rate: Rate)? {
    guard let rate = rates.first(where: { $0.precision == precision }),
      let algebra = try? makeAlgebra(backend: rate.backend, precision: precision)
    else { return nil }
    return (algebra, rate)
  }

  /// Measures every backend in every precision that this build and this processor support, for a quarter of a second each: as many rows as ViT-B-16
  /// has tokens, times the first matrix of its MLP.
  package static func measured(parallel: Parallel) -> Tuning {
    let inputs = 768, outputs = 3072, rows = 197
    let weights = WeightMatrix(RandomWeights(seed: 1).tensor(TensorSpec(name: "w", shape: [outputs, inputs])))
    let x = FloatBuffer(rows * inputs), y = FloatBuffer(rows * outputs)
    for index in 0..<x.count { x.pointer[index] = Float(index % 17) / 16 - 0.5 }
    var rates: [Rate] = []
    for precision in Precision.allCases {
      for backend in Backend.available where backend != .automatic {
        guard let algebra = try? makeAlgebra(backend: backend, precision: precision) else { continue }
        let matrix = algebra.prepare(weights, direction: .forward, lasting: true)
        matrix.makeReady()
        var best = Double.infinity
        let start = ContinuousClock.now
        repeat {
          let begin = ContinuousClock.now
          matrix.multiply(
            x.pointer, scaledBy: nil, rows: rows, into: y.pointer, epilogue: .none, parallel: parallel)
          best = min(best, (ContinuousClock.now - begin).seconds)
        } while ContinuousClock.now - start < .milliseconds(250)
        rates.append(
          Rate(
            precision: precision, backend: backend,
            gflopPerSecond: (Double(2 * rows * inputs * outputs) / best / 1e8).rounded() / 10))
      }
    }
    return Tuning(
      processor: ProcessorFeatures.current.name, threads: parallel.threads,
      rates: rates.sorted { $0.gflopPerSecond > $1.gflopPerSecond })
  }
}
