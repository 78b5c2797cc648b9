import CZooKernels
import ZooModels
import ZooRuntime

/// GEM (Bousselham et al. 2024): in the last layers, each patch attends to patches similar to it; the result is compared with the prompt.
struct GEM: ExplanationMethod {
  static let info = MethodInfo(
    id: "gem", title: "GEM",
    summary: "the cosine of each patch with the prompt, after self-self attention in the last layers",
    source: "arXiv 2312.00878; gem_utils.py of WalBouss/GEM (depth 7, one iteration)",
    cost: "six attentions in each of the last six layers, no gradient",
    options: [
      MethodOption(
        "depth", values: "1 to the number of layers", standard: "6 layers", help: "how many layers, the last ones")
    ])

  /// Nil for the default, which is limited to the number of layers.
  var depth: Int?

  init(_ options: inout MethodOptions) throws {
    depth = try options.layer("depth")
    guard depth != 0 else {
      throw MethodError.badValue(method: Self.info.id, option: "depth", value: "0", expected: "at least 1")
    }
  }

  func start(_ job: MethodJob) throws -> any MethodRun {
    let vision = job.vision, shape = vision.tower.blocks
    guard case .tokens(let head) = vision.head, !vision.isClassifier else {
      throw undefined(
        on: vision,
        "it compares projected patch tokens with a prompt, which needs a class token or mean and a text side")
    }
    guard !shape.postNorm else { throw undefined(on: vision, "it adds to the stream before the norm of a branch") }
    if let depth, depth > shape.layers {
      throw MethodError.badValue(
        method: Self.info.id, option: "depth", value: "\(depth)", expected: "1 to \(shape.layers) layers")
    }
    return GEMRun(job, head, layers: max(0, shape.layers - (depth ?? 6))..<shape.layers)
  }
}

/// For x in queries, keys and values of each head: `x := softmax(t n(x) n(x)^T) n(x)`, where n(x) is x with normalised rows, then
/// `softmax(t n(x) n(x)^T) V`; the mean of the three, multiplied by the output matrix, is added to a stream of its own.
private final class GEMRun: MethodRun {
  private let job: MethodJob
  private let head: TokenHead
  private let layers: Range<Int>
  /// `[pictures]`: `[tokens, width]`.
  private var streams: [Int: Rows] = [:]
  private var found: [[Heatmap]] = []

  init(_ job: MethodJob, _ head: TokenHead, layers: Range<Int>) {
    (self.job, self.head, self.layers) = (job, head, layers)
  }

  var request: PassRequest {
    PassRequest(layers: layers, parts: [.tokens, .inputs], lastRows: .pooled)
  }

  func forward(_ layer: LayerView) {
    guard let input = layer.input else { return }
    let count = layer.count, width = layer.width, block = layer.block, parallel = job.engine.parallel
    let stream = streams[layer.picture] ?? Rows(copying: input, count: count, width: width)
    let normed = Rows(count: count, width: width), mixed = Rows(count: count, width: width)
    block.norm1.apply(input, rows: count, into: normed.pointer, parallel: parallel)
    let lengths = (0..<count).map { row in
      let start = normed.pointer + row * width
      return zoo_dot(start, start, width).squareRoot()
    }
    let temperature = lengths.reduce(0, +) / Float(count) / Float(layer.shape.headWidth).squareRoot()
    parallel.forEach(layer.shape.heads) { number in
      selfSelfAttention(
        layer, head: number, temperature: temperature, into: mixed.pointer + number * layer.shape.headWidth)
    }
    if let norm = block.attentionNorm {
      norm.apply(mixed.pointer, rows: count, into: mixed.pointer, parallel: parallel)
    }
    block.out.forward(mixed.pointer, rows: count, into: normed.pointer, parallel: parallel)
    zoo_add_residual(stream.pointer, normed.pointer, nil, block.scale1?.pointer, count, width)
    streams[layer.picture] = stream
  }

  /// The mean of the three mixtures of one head's values, written to its columns of `[count, width]`.
  private func selfSelfAttention(
    _ layer: LayerView, head: Int, temperature: Float, into mixed: UnsafeMutablePointer<Float>
  ) {
    let count = layer.count, narrow = layer.shape.headWidth, stride = 3 * layer.width
    withScratch(count * count + 2 * count * narrow) { scratch in
      let likeness = scratch, x = scratch + count * count, y = x + count * narrow
      func attend(
        _ values: UnsafePointer<Float>, _ ldv: Int, into target: UnsafeMutablePointer<Float>, _ ldt: Int, adding: Bool
      ) {
        normaliseRows(x, count, narrow)
        gemm(
          x, rows: count, depth: narrow, stride: narrow, x, transposed: true, columns: count, into: likeness,
          stride: count, adding: false)
        for row in 0..<count { zoo_softmax(likeness + row * count, count, temperature) }
        gemm(
          likeness, rows: count, depth: count, stride: count, values, transposed: false, columns: narrow,
          weightStride: ldv, into: target, stride: ldt, adding: adding)
      }
      for part in 0..<3 {
        let source = layer.part(part, head: head)
        for row in 0..<count { (x + row * narrow).update(from: source + row * stride, count: narrow) }
        attend(x, narrow, into: y, narrow, adding: false)
        x.update(from: y, count: count * narrow)
        attend(layer.part(2, head: head), stride, into: mixed, layer.width, adding: part > 0)
      }
    }
    for row in 0..<count { for column in 0..<narrow { mixed[row * layer.width + column] /= 3 } }
  }

  func end(_ end: PassEnd) {
    guard let stream = streams.removeValue(forKey: end.picture) else { return }
    let patches = job.patchRows(stream)
    head.norm.apply(patches.pointer, rows: patches.count, into: patches.pointer, parallel: job.engine.parallel)
    var values = job.repeated([Float]())
    for row in 0..<patches.count {
      let token = Array(UnsafeBufferPointer(start: patches.pointer + row * patches.width, count: patches.width))
      let unit = normalised(head.project(token))
      for (prompt, direction) in job.directions.enumerated() { values[prompt].append(dot(direction, unit)) }
    }
    found.append(values.map { job.heatmap($0, layers: Array(layers)) })
  }

  func maps() -> [[Heatmap]] { found }
}

/// Normalises each row.
private func normaliseRows(_ x: UnsafeMutablePointer<Float>, _ rows: Int, _ width: Int) {
  for row in 0..<rows {
    let start = x + row * width, length = max(zoo_dot(start, start, width).squareRoot(), 1e-12)
    for column in 0..<width { start[column] /= length }
  }
}

extension MethodJob {
  /// The rows of the patches in `[tokens, width]`.
  func patchRows(_ tokens: Rows) -> Rows {
    Rows(
      copying: tokens.pointer + vision.tower.prefixTokens * tokens.width, count: grid.count, width: tokens.width)
  }
}
