import ZooImages
import ZooModels
import ZooRuntime

/// One run of the image tower for everything that several methods need, for all prompts and all pictures.
package struct Pass {
  /// A method and its directions: `[prompts][embedding]`.
  package struct Job: Sendable {
    package let method: any ExplanationMethod
    package let directions: [[Float]]
    package let background: [[Float]]
    /// The index of the one picture that is explained; nil if all pictures of the pass are.
    package let picture: Int?

    package init(
      _ method: any ExplanationMethod, _ directions: [[Float]], background: [[Float]] = [], picture: Int? = nil
    ) {
      self.method = method
      self.directions = directions
      self.background = background
      self.picture = picture
    }
  }

  /// The results of a pass.
  package struct Output: Sendable {
    /// `[pictures]`: not normalised; a classifier's logits.
    package var embeddings: [[Float]] = []
    /// `[jobs][pictures][prompts]`, for the pictures of each job.
    package var maps: [[[Heatmap]]]
  }

  /// Explains pictures of one size. Methods with a backward pass process the pictures one after the other, so that memory does not grow with their
  /// number.
  ///
  /// - Parameters:
  ///   - clock: Times the work that is not for all ways.
  ///   - ways: The index of each job's way on the clock; by default each job is one way.
  ///   - step: Called before each block, forwards and backwards; throwing ends the work.
  package static func run(
    _ pictures: [PixelTensor], _ jobs: [Job], model: ZooModel, clock: MethodClock = MethodClock(), ways: [Int]? = nil,
    step: () throws -> Void = {}
  ) throws -> Output {
    var output = Output(maps: jobs.map { _ in [] })
    guard !pictures.isEmpty else { return output }
    let plan = try PassPlan(jobs, model: model, pictures: pictures, clock: clock, ways: ways)
    let together = plan.request.lifetime == .pass ? 1 : pictures.count
    for first in stride(from: 0, to: pictures.count, by: together) {
      let kept = try KeptPass(
        Array(pictures[first..<first + together]), plan.request, model: model,
        observe: { plan.forward($0, from: first) }, step: step)
      output.embeddings += kept.embeddings
      try plan.end(kept, from: first, step: step)
    }
    output.maps = plan.maps()
    return output
  }
}

/// A completed pass, with the records that were to be kept: it can be used again for other prompts.
package final class KeptPass: Sendable {
  package let embeddings: [[Float]]
  let pictures: [PixelTensor]
  package let model: ZooModel
  let request: PassRequest
  /// Empty if records were discarded after their layers.
  let records: [LayerRecord]
  /// `[pictures * tokens, width]`
  let output: FloatBuffer
  package let tokens: Int

  init(
    _ pictures: [PixelTensor], _ request: PassRequest, model: ZooModel,
    observe: (LayerRecord) throws -> Void = { _ in }, step: () throws -> Void = {}
  ) throws {
    let vision = try model.vision
    (self.pictures, self.request, self.model) = (pictures, request, model)
    var records: [LayerRecord] = []
    let work = try vision.forward(
      pictures, request, engine: model.engine,
      observe: { record in
        try observe(record)
        if request.lifetime == .pass { records.append(record) }
      }, step: step)
    self.records = records
    (output, tokens) = (work.x, work.tokens)
    embeddings = vision.pool(work, engine: model.engine)
  }

  fileprivate func end(of sequence: Int, picture: Int, _ vision: VisionRuntime) -> PassEnd {
    PassEnd(
      vision: vision, sequence: sequence, picture: picture, count: tokens, output: output,
      embedding: embeddings[sequence])
  }

  /// Runs a picture whose methods and prompts come later.
  ///
  /// - Parameters:
  ///   - isWhole: True to keep what any method and `patchEmbeddings()` need; false for the embedding alone.
  ///   - step: Called after each block with its number; throwing ends the pass.
  package convenience init(
    _ picture: PixelTensor, isWhole: Bool = true, model: ZooModel, step: (Int) throws -> Void = { _ in }
  ) throws {
    let layers = try model.vision.blocks.count
    try self.init([picture], isWhole ? .everything(of: layers) : .steps(of: layers), model: model) {
      try step($0.layer)
    }
  }

  /// The maps of prompts, `[jobs][pictures][prompts]`, without another forward pass.
  ///
  /// - Parameter step: Called before each block, forwards and backwards; throwing ends the work.
  package func maps(_ jobs: [Pass.Job], step: () throws -> Void = {}) throws -> [[[Heatmap]]] {
    let plan = try PassPlan(jobs, model: model, pictures: pictures)
    for record in records {
      try step()
      plan.forward(record, from: 0)
    }
    try plan.end(self, from: 0, step: step)
    return plan.maps()
  }
}

/// The runs for some jobs; jobs that share their work have one run.
private final class PassPlan {
  private struct Key: Hashable {
    let method: AnyHashable
    let directions: [[Float]]
    let background: [[Float]]
    let picture: Int?
  }

  /// One run, and the jobs that it serves with their own layers.
  private struct Group {
    let run: any MethodRun
    let directions: [[Float]]
    /// The index of the run's one picture in the pass; nil if it has all.
    let picture: Int?
    let members: [(job: Int, layers: [Int]?)]
    /// The indices of the members on the clock.
    let ways: [Int]

    /// The index among the run's pictures; nil if it is not one of them.
    func place(of picture: Int) -> Int? {
      guard let own = self.picture else { return picture }
      return own == picture ? 0 : nil
    }
  }

  private let vision: VisionRuntime
  private let engine: Engine
  private let jobs: Int
  private let groups: [Group]
  private let clock: MethodClock
  let request: PassRequest

  init(
    _ jobs: [Pass.Job], model: ZooModel, pictures: [PixelTensor], clock: MethodClock = MethodClock(), ways: [Int]? = nil
  ) throws {
    let vision = try model.vision, engine = model.engine, count = vision.tower.depth
    (self.vision, self.engine, self.jobs, self.clock) = (vision, engine, jobs.count, clock)
    var members: [Key: [(job: Int, layers: [Int]?)]] = [:]
    for (index, job) in jobs.enumerated() {
      try model.check(job.directions + job.background)
      let layers = try job.method.ownLayers(of: count)
      let key = Key(
        method: job.method.sharingKey, directions: job.directions, background: job.background, picture: job.picture)
      members[key, default: []].append((index, layers))
    }
    let grid = vision.grid(of: pictures[0]), scale = model.logitScale
    groups = try members.values.sorted { $0[0].job < $1[0].job }.map { members in
      let job = jobs[members[0].job], layers = members.compactMap(\.layers)
      let first = layers.compactMap(\.first).min(), last = layers.compactMap(\.last).max()
      let method = if let first, let last { job.method.using(Array(first...last)) } else { job.method }
      do {
        let run = try method.start(
          MethodJob(
            vision: vision, engine: engine, grid: grid, pictures: job.picture.map { [pictures[$0]] } ?? pictures,
            directions: job.directions, background: job.background, logitScale: scale))
        return Group(
          run: run, directions: job.directions, picture: job.picture, members: members,
          ways: members.map { ways?[$0.job] ?? $0.job })
      } catch let error as MethodError {
        throw error.naming(methodsOn: model)
      }
    }
    request = groups.reduce(.embedding) { whole, group in
      var own = group.run.request
      // The backward pass uses everything that a block records, and everything of the last block.
      for flow in group.run.flows {
        let layers = flow.depth == .output ? flow.layers.lowerBound + 1..<count : flow.layers.lowerBound..<count
        own = own.union(
          PassRequest(
            layers: layers.isEmpty ? count - 1..<count : layers, parts: [.tokens, .gradients, .inputs],
            lastRows: .all, lifetime: .pass))
      }
      return whole.union(own)
    }
  }

  /// Passes a block that has run to those that requested it.
  ///
  /// - Parameter first: The index of the record's first picture among all.
  func forward(_ record: LayerRecord, from first: Int) {
    for group in groups where group.run.request.layers.contains(record.layer) && !group.directions.isEmpty {
      clock.time(group.ways) {
        for sequence in 0..<record.sequences {
          guard let picture = group.place(of: first + sequence) else { continue }
          group.run.forward(LayerView(vision: vision, record: record, sequence: sequence, picture: picture))
        }
      }
    }
  }

  /// The end of a pass for some of the pictures, from the one at `first` on, and the backward pass.
  func end(_ pass: KeptPass, from first: Int, step: () throws -> Void = {}) throws {
    for sequence in pass.pictures.indices {
      for group in groups {
        guard let picture = group.place(of: first + sequence) else { continue }
        clock.time(group.ways) { group.run.end(pass.end(of: sequence, picture: picture, vision)) }
      }
      try goBack(sequence, of: pass, from: first, step: step)
    }
  }

  /// `[jobs][pictures][prompts]`
  func maps() -> [[[Heatmap]]] {
    var results = [[[Heatmap]]](repeating: [], count: jobs)
    for group in groups {
      let maps = clock.time(group.ways) { group.run.maps() }
      for (job, layers) in group.members {
        results[job] = layers.map { layers in maps.map { $0.map { $0.restricted(to: layers) } } } ?? maps
      }
    }
    return results
  }

  /// Propagates back from the final score of some directions, for all groups that requested it.
  private func goBack(
    _ sequence: Int, of pass: KeptPass, from first: Int, step: () throws -> Void
  ) throws {
    struct Stream: Hashable {
      let kind: FlowRequest.Kind
      let directions: [[Float]]
    }
    var wanted: [Stream: [FlowStream.Listener]] = [:]
    for group in groups where !group.directions.isEmpty {
      guard let picture = group.place(of: first + sequence) else { continue }
      for flow in group.run.flows {
        wanted[Stream(kind: flow.kind, directions: group.directions), default: []].append(
          FlowStream.Listener(run: group.run, request: flow, picture: picture, ways: group.ways))
      }
    }
    guard !wanted.isEmpty else { return }
    let end = pass.end(of: sequence, picture: first + sequence, vision)
    var streams = try wanted.map { stream, listeners in
      FlowStream(
        listeners: listeners, kind: stream.kind,
        flow: try startFlow(stream.kind, directions: stream.directions, end: end, engine: engine))
    }
    for record in pass.records.reversed() {
      try step()
      let layer = LayerView(vision: vision, record: record, sequence: sequence, picture: end.picture)
      for index in streams.indices {
        clock.time(streams[index].ways(at: record.layer)) { streams[index].pass(layer, engine) }
      }
    }
  }
}

extension ZooModel {
  /// Throws an `ExplainError` if vectors do not have the width of this model's embeddings.
  fileprivate func check(_ vectors: [[Float]]) throws {
    let width = architecture.embedding
    if let wrong = vectors.first(where: { $0.count != width }) {
      throw ExplainError.wrongWidth(wrong.count, expected: width, model: name)
    }
  }
}

/// One backward pass through the blocks, and the runs that observe it.
private struct FlowStream {
  struct Listener {
    let run: any MethodRun
    let request: FlowRequest
    /// The picture's index in the run.
    let picture: Int
    /// The indices on the clock of the ways that it serves.
    let ways: [Int]
  }

  let listeners: [Listener]
  let kind: FlowRequest.Kind
  /// What has arrived at the output of the next block.
  var flow: Rows

  /// The ways that the backward pass through a block serves.
  func ways(at layer: Int) -> [Int] {
    listeners.filter { $0.request.layers.lowerBound <= layer }.flatMap(\.ways)
  }

  mutating func pass(_ layer: LayerView, _ engine: Engine) {
    switch kind {
    case .gradient: pass(layer, BlockWalk(layer: layer, rule: GradientRule(engine: engine), engine: engine))
    case .relevance(let rules):
      pass(layer, BlockWalk(layer: layer, rule: RelevanceRule(rules: rules, engine: engine), engine: engine))
    }
  }

  private mutating func pass<Rule: PropagationRule>(_ layer: LayerView, _ walk: BlockWalk<Rule>) {
    let here = listeners.filter { $0.request.layers.contains(layer.layer) }
    let goesOn = listeners.contains { $0.request.layers.lowerBound < layer.layer }
    let depth = goesOn ? .input : here.map(\.request.depth).max()
    guard let depth else { return }
    var attention: (any AttentionFlow)?, input: Rows?
    if depth >= .attention {
      let (arrived, stream) = walk.toAttention(flow)
      attention = arrived
      if depth >= .input { input = walk.toInput(arrived, stream: stream) }
    }
    let arrived = LayerFlow(kind: kind, output: flow, attention: attention, input: input)
    for listener in here { listener.run.backward(layer.with(picture: listener.picture), arrived) }
    if let input { flow = input }
  }
}

/// What arrives at the last block's tokens, `[prompts * count, width]`.
private func startFlow(
  _ kind: FlowRequest.Kind, directions: [[Float]], end: PassEnd, engine: Engine
) throws -> Rows {
  let vision = end.vision, width = vision.tower.blocks.width
  let flow: FloatBuffer
  switch kind {
  case .gradient(let score):
    flow = vision.head.base.gradients(
      at: end.tokens, count: end.count, directions: directions, score: score, engine: engine)
  case .relevance(let rules):
    flow = RelevanceRule(rules: rules, engine: engine).start(end, directions: directions)
  }
  return Rows(flow, count: directions.count * end.count, width: width)
}

extension RelevanceRule {
  /// Relevance 1 for the dot product with each direction, at the last block's tokens. The head is treated as a linear map without bias.
  fileprivate func start(_ end: PassEnd, directions: [[Float]]) -> FloatBuffer {
    let head = end.vision.head.base, width = end.vision.tower.blocks.width
    let flow = FloatBuffer(directions.count * end.count * width)
    let token = head.normalise(Array(UnsafeBufferPointer(start: end.tokens, count: width)))
    let weights = head.gradients(
      beforeProjection: token, directions: directions, score: .dot, parallel: engine.parallel)
    for index in directions.indices {
      let weight = weights[index * width..<(index + 1) * width], target = flow.pointer + index * end.count * width
      let products = zip(token, weight).map { $0 * $1 }
      // Products are positive if both have the same sign.
      let positive = zip(token, products).reduce(Float(0)) { $0 + ($1.0 > 0 ? max($1.1, 0) : 0) }
      let negative = zip(token, products).reduce(Float(0)) { $0 + ($1.0 < 0 ? max($1.1, 0) : 0) }
      for (column, product) in products.enumerated() where product > 0 {
        let sum = rules == .transformer ? positive + negative : token[column] > 0 ? positive : negative
        target[column] = safeDivide(product, sum)
      }
    }
    return flow
  }
}
