import Foundation
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors

/// What `zoo doctor --tune` measured on this machine: `--backend automatic` uses it instead of its table.
struct Tuning: Codable {
  struct Rate: Codable {
    let precision: Precision
    let backend: Backend
    let gflopPerSecond: Double
  }

  /// Valid for this processor only.
  let processor: String
  let threads: Int
  /// For each precision, the fastest first.
  let rates: [Rate]

  static func file(in store: ModelStore) -> URL { store.home.appending(path: "tuning.json") }

  /// Nil if there is none for this processor; a file that cannot be read is ignored.
  static func read(from store: ModelStore) -> Tuning? {
    let path = file(in: store).path(percentEncoded: false)
    guard let data = try? readFile(path, limit: Limits.descriptionBytes),
      let tuning = try? manifestDecoder().decode(Tuning.self, from: data),
      tuning.processor == ProcessorFeatures.current.name
    else { return nil }
    return tuning
  }

  func write(to store: ModelStore) throws {
    let path = Self.file(in: store).path(percentEncoded: false)
    do {
      try FileManager.default.createDirectory(at: store.home, withIntermediateDirectories: true)
      try replaceFile(path, with: manifestEncoder().encode(self) + Data("\n".utf8))
    } catch let error as FileError {
      throw CallError.unwritable(path, reason: error.reason)
    } catch {
      throw CallError.unwritable(path, reason: systemReason(of: error))
    }
  }

  /// The fastest backend of a precision.
  func rate(for precision: Precision) -> Rate? { rates.first { $0.precision == precision } }

  /// Measures every backend in every precision that this build and this processor support, for a quarter of a second each: as many rows as ViT-B-16
  /// has tokens, times the first matrix of its MLP.
  static func measured(parallel: Parallel) -> Tuning {
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
