import CZooKernels
import Foundation
import ZooModels
import ZooRuntime
import ZooText

/// The direct effect of every layer, head and token on the class token's embedding (Gandelsman et al. 2024, "TextSpan").
struct TextSpan: ExplanationMethod {
  static let info = MethodInfo(
    id: "textspan", title: "TextSpan decomposition",
    summary: "what each patch adds directly to the picture's embedding through attention, along the prompt",
    source: "arXiv 2310.05916; prs_hook.py and compute_segmentations.py of yossigandelsman/clip_text_span",
    cost: "one attention row for each head of each layer",
    options: [
      MethodOption(
        "background", values: "prompts, empty, imagenet, none or a file", standard: "prompts",
        help: """
          whose mean is subtracted from a prompt: that of all prompts of the call (with one prompt: "a photo of a"), \
          "a photo of a", "a photo of a" with each of ImageNet's 1000 names, nothing, or a file's prompts, one a line
          """),
      MethodOption(
        "heads", values: "LAYER.HEAD, separated by commas", standard: "all", help: "the heads that are summed"),
    ])

  struct Place: Hashable {
    let layer: Int
    let head: Int
  }

  var background: MethodBackground
  /// Nil for all.
  var heads: Set<Place>?

  init(_ options: inout MethodOptions) throws {
    switch options.text("background") {
    case nil, "prompts": background = .prompts
    case "empty": background = .texts([Correction.emptyPrompt])
    case "imagenet":
      background = .texts(
        try imageNetNames().prefix(imageNetClassCount).map { "\(Correction.emptyPrompt) \($0.name)" })
    case "none": background = .none
    case let file?:
      let lines = FileManager.default.contents(atPath: file).flatMap { String(validating: $0, as: UTF8.self) }
      guard let texts = lines.map(promptLines), !texts.isEmpty else {
        throw MethodError.badValue(
          method: Self.info.id, option: "background", value: file,
          expected: "prompts, empty, imagenet, none or a UTF-8 file with a prompt on each line")
      }
      background = .texts(texts)
    }
    guard let text = options.text("heads") else { return }
    heads = try Set(
      text.split(separator: ",", omittingEmptySubsequences: false).map { place in
        let parts = place.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let layer = parts[0], let head = parts[1], layer >= 0, head >= 0 else {
          throw MethodError.badValue(
            method: Self.info.id, option: "heads", value: text, expected: "layers and heads, as in 11.3,10.0")
        }
        return Place(layer: layer, head: head)
      })
  }

  func start(_ job: MethodJob) throws -> any MethodRun {
    let vision = job.vision, shape = vision.tower.blocks
    guard vision.tower.pooler == .classToken else {
      throw undefined(on: vision, "it splits the embedding of a class token, and the model pools otherwise")
    }
    guard !shape.postNorm, !shape.attentionNorm else {
      throw undefined(on: vision, "a norm inside the branches mixes what heads add")
    }
    for place in heads ?? [] {
      guard place.layer < shape.layers, place.head < shape.heads else {
        throw MethodError.badValue(
          method: Self.info.id, option: "heads", value: "\(place.layer).\(place.head)",
          expected: "layers 0 to \(shape.layers - 1) and heads 0 to \(shape.heads - 1)")
      }
    }
    return TextSpanRun(job, heads: heads)
  }
}

/// Let `q = A_h0i (V_hi Wo_h^T) + bo / (N h)` be what head h of layer l adds to the class token from token i. With the final norm's mean and
/// deviation of the last class token held fixed, its effect along t is
/// `(gain * (q - mean / n) / deviation + offset / n) Proj . t / |e|`, where `n = (2 L + 1) N h` distributes the constants among all parts.
private final class TextSpanRun: MethodRun {
  private let job: MethodJob
  private let heads: Set<TextSpan.Place>?
  /// `[prompts, width]`: the prompts minus the background, projected and multiplied by the final norm's gain.
  private let probes: Rows
  /// `[prompts]`: the projection of the final norm's offset, and the sum of each probe.
  private let offsets: [Float]
  private let sums: [Float]
  /// `[pictures][prompts][tokens]`
  private var effects: [[[Float]]]
  private var constants: [[Float]]
  private var found: [[Heatmap]] = []

  init(_ job: MethodJob, heads: Set<TextSpan.Place>?) {
    (self.job, self.heads) = (job, heads)
    let head = job.vision.head.base, width = job.vision.tower.blocks.width, count = job.directions.count
    let background = job.background
    let centred = job.directions.map { direction in
      direction.indices.map { index in
        background.isEmpty
          ? direction[index] : direction[index] - background.reduce(0) { $0 + $1[index] } / Float(background.count)
      }
    }
    let zero = [Float](repeating: 0, count: width)
    let projected = head.gradients(
      beforeProjection: zero, directions: centred, score: .dot, parallel: job.engine.parallel)
    probes = Rows(count: max(count, 1), width: width)
    let weight = head.norm.weight.pointer, bias = head.norm.bias.pointer
    var offsets: [Float] = [], sums: [Float] = []
    for prompt in 0..<count {
      let row = projected[prompt * width..<(prompt + 1) * width]
      var offset: Float = 0, sum: Float = 0
      for (k, value) in row.enumerated() {
        let probe = value * weight[k]
        probes.pointer[prompt * width + k] = probe
        offset += value * bias[k]
        sum += probe
      }
      offsets.append(offset)
      sums.append(sum)
    }
    (self.offsets, self.sums) = (offsets, sums)
    effects = job.pictures.map { _ in job.repeated([Float](repeating: 0, count: job.tokens)) }
    constants = job.pictures.map { _ in job.repeated(0) }
  }

  var request: PassRequest {
    PassRequest(layers: 0..<job.vision.blocks.count, parts: .tokens, lastRows: .pooled)
  }

  func forward(_ layer: LayerView) {
    let shape = layer.shape, width = layer.width, count = layer.count, prompts = job.directions.count
    let chosen = (0..<shape.heads).filter { heads?.contains(.init(layer: layer.layer, head: $0)) ?? true }
    guard !chosen.isEmpty else { return }
    var probe = probes
    if let scale = layer.block.scale1 { probe = probe.scaled(by: scale) }
    let r = Rows(count: prompts, width: width)
    layer.block.out.backward(probe.pointer, rows: prompts, into: r.pointer, parallel: job.engine.parallel)
    var attention = [Float](repeating: 0, count: count)
    for head in chosen {
      layer.attention(head: head, rows: 0..<1, into: &attention)
      for prompt in 0..<prompts {
        let direction = r.pointer + prompt * width + head * shape.headWidth
        for token in 0..<count {
          let value = zoo_dot(direction, layer.part(2, head: head) + token * 3 * width, shape.headWidth)
          effects[layer.picture][prompt][token] += attention[token] * value
        }
      }
    }
    for prompt in 0..<prompts {
      let own = layer.block.out.bias.map { zoo_dot($0.pointer, probe.pointer + prompt * width, width) } ?? 0
      constants[layer.picture][prompt] += own * Float(chosen.count) / Float(count * shape.heads)
    }
  }

  func end(_ end: PassEnd) {
    let shape = job.vision.tower.blocks, width = shape.width
    let token = Array(UnsafeBufferPointer(start: end.tokens, count: width)).map { Double($0) }
    let mean = token.reduce(0, +) / Double(width)
    let variance = token.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
    let inverse = 1 / (variance + Double(job.vision.head.base.norm.eps)).squareRoot()
    let length = end.embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let parts = Double((2 * shape.layers + 1) * end.count * shape.heads)
    let chosen = Double(heads?.count ?? shape.layers * shape.heads)
    found.append(
      job.directions.indices.map { prompt in
        let constant = Double(constants[end.picture][prompt]) - mean * Double(sums[prompt]) * chosen / parts
        let offset = Double(offsets[prompt]) * chosen / parts
        let values = job.patches(effects[end.picture][prompt]).map {
          Float(((Double($0) + constant) * inverse + offset) / (job.vision.isClassifier ? 1 : length))
        }
        return job.heatmap(values, layers: Array(0..<shape.layers), finish: .upsampleClipNormalise)
      })
  }

  func maps() -> [[Heatmap]] { found }
}
