import Dispatch
import Foundation
import ZooImages
import ZooModels
import ZooTensors

extension ZooModel {
  /// Tries out a newly written model: opens it, streams its weights, which takes little memory whatever its size, and runs it.
  ///
  /// - Parameters:
  ///   - folder: The path of the model's folder.
  ///   - step: Called after each block of the image tower; throwing ends the work.
  /// - Returns: The result of `probe()`, in the form that `Conversion.write` expects.
  package static func probe(
    _ folder: String, step: () throws -> Void = {}
  ) throws -> (probe: ModelDescription.Probe?, notes: [String]) {
    let model = try ZooModel(
      directory: URL(filePath: folder, directoryHint: .isDirectory), algebra: Kernels(streams: true))
    let result = try model.probe(step: step)
    return (result.probe, result.notes)
  }

  /// Runs both towers on a fixed picture and fixed prompts.
  ///
  /// - Returns: The probe for `model.json` and, if the prompt is missing, the reason in full sentences.
  /// - Throws: `ModelError.brokenEmbedding` if a tower outputs NaN, infinities or only zeros.
  package func probe(step: () throws -> Void = {}) throws -> (probe: ModelDescription.Probe, notes: [String]) {
    func vector(_ embedding: [Float]?, _ what: String) throws -> ModelDescription.Probe.Vector {
      guard let embedding, let vector = ModelDescription.Probe.Vector(embedding) else {
        throw ModelError.brokenEmbedding(model: name, what: what)
      }
      return vector
    }
    // Reads the tokenizer while the picture is computed.
    if !description.tokenizerFiles.isEmpty { DispatchQueue.global().async { _ = try? self.tokenizer() } }
    var probe = ModelDescription.Probe()
    if let tower = architecture.vision {
      var preprocessing = try preprocessing
      preprocessing.scale(to: tower.image)
      let pixels = ZooImages.preprocess(probePicture(preprocessing.size), preprocessing).tensor
      probe.image = try vector(imageEmbeddings([pixels]) { _ in try step() }.first, "a picture")
    }
    guard let text = architecture.text else { return (probe, []) }
    var prompts = [text.probeTokens], notes: [String] = []
    if !description.tokenizerFiles.isEmpty {
      do {
        prompts.append(try tokenizer().encode(ModelDescription.Probe.promptText))
      } catch let error as any ZooError {
        notes = ["The probe could not use the tokenizer: \(error.description)."]
      }
    }
    let embeddings = try textEmbeddings(tokens: prompts)
    probe.text = try vector(embeddings[0], "a prompt")
    if embeddings.count > 1 { probe.prompt = try vector(embeddings[1], "a prompt") }
    return (probe, notes)
  }
}

/// Colours that vary at every scale, the same on every machine.
private func probePicture(_ size: GridSize) -> Picture {
  let pixels = (0..<size.height).flatMap { row in
    (0..<size.width).flatMap { column -> [UInt8] in
      let noise = UInt32(truncatingIfNeeded: (row &* size.width &+ column) &* 2_654_435_761) >> 26
      return [
        UInt8(truncatingIfNeeded: 191 * row / size.height + Int(noise)),
        UInt8(truncatingIfNeeded: 255 * column / size.width),
        (row / 16 + column / 16).isMultiple(of: 2) ? 224 : 32,
      ]
    }
  }
  return Picture(width: size.width, height: size.height, pixels: pixels)
}

extension TextTower {
  /// Half a context of ids from all over the vocabulary, the end-of-text token, then padding.
  fileprivate var probeTokens: [Int32] {
    let length = max(contextLength / 2, 1)
    let last: Int
    if case .endOfText(let id) = pooling { last = id } else { last = vocabulary - 1 }
    return (0..<contextLength).map { position in
      let id = position < length - 1 ? (1 + position * 7919) % vocabulary : position < length ? last : tokenizer.padID
      return Int32(min(max(id, 0), vocabulary - 1))
    }
  }
}
