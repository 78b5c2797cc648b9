import ZooImages
import ZooModels
import ZooRuntime

/// A method for explaining pictures: a value that holds its options.
///
/// A method is one file: it states its facts, says what it needs from a forward pass, and turns that into one map for each prompt.
package protocol ExplanationMethod: Sendable, Hashable {
  static var info: MethodInfo { get }
  init(_ options: inout MethodOptions) throws
  /// The layers whose maps are summed, in ascending order; nil if a map is not such a sum.
  func ownLayers(of count: Int) throws -> [Int]?
  /// The same method with other layers, so that methods which differ in nothing else share their work.
  func using(_ layers: [Int]) -> Self
  /// What a prompt is compared with besides the other prompts.
  var background: MethodBackground { get }
  /// What a job requires, and the work itself.
  ///
  /// Throws a `MethodError` or a `LayerSelectionError` if the method or its options do not fit the model.
  func start(_ job: MethodJob) throws -> any MethodRun
}

extension ExplanationMethod {
  package func ownLayers(of count: Int) throws -> [Int]? { nil }
  package func using(_ layers: [Int]) -> Self { self }
  package var background: MethodBackground { .none }

  /// Equal for methods that share their work: everything except their layers.
  var sharingKey: AnyHashable { AnyHashable(using([0])) }

  /// An error that says why the method is undefined for a model.
  func undefined(on vision: VisionRuntime, _ reason: String) -> MethodError {
    .undefined(method: Self.info.id, model: vision.name, reason: reason, others: [])
  }

  /// Checks that a layer exists.
  func checked(_ layer: Int, of vision: VisionRuntime) throws(MethodError) -> Int {
    guard layer < vision.tower.depth else {
      throw .noSuchLayer(method: Self.info.id, layer: layer, layers: vision.tower.depth)
    }
    return layer
  }
}

/// What a method compares a prompt with.
package enum MethodBackground: Sendable, Hashable {
  case none
  /// All prompts that are explained together; a prompt that names nothing if there is only one.
  case prompts
  /// These texts.
  case texts([String])
}

/// What a method is asked to explain.
package struct MethodJob: Sendable {
  package let vision: VisionRuntime
  package let engine: Engine
  /// The patch grid of the pictures.
  package let grid: GridSize
  package let pictures: [PixelTensor]
  /// `[prompts][embedding]`: unit vectors, or one-hot vectors over the classes of a classifier.
  package let directions: [[Float]]
  /// Unit vectors that a method compares the prompts with.
  package let background: [[Float]]
  /// `exp(logit_scale)`; 1 for a classifier.
  package let logitScale: Float

  /// The number of tokens of each picture, including the prefix.
  var tokens: Int { grid.count + vision.tower.prefixTokens }
  var lastLayer: Int { vision.tower.depth - 1 }
  /// A classifier's score is its logit, whatever a method uses elsewhere.
  func score(_ score: Score?) -> Score { vision.isClassifier ? .dot : score ?? .cosine }

  /// A map on the patch grid.
  func heatmap(_ values: [Float], layers: [Int], finish: Heatmap.Finish = .upsampleThenNormalise) -> Heatmap {
    Heatmap(grid: grid, patch: vision.tower.patch, layers: layers, values: values, finish: finish)
  }

  /// `[prompts]`: the same value for each prompt.
  func repeated<Value>(_ value: Value) -> [Value] { directions.map { _ in value } }
}

/// A method running on the pictures of one pass: it receives what it asked for, in the order of the pass.
package protocol MethodRun: AnyObject {
  /// What it needs from the forward pass.
  var request: PassRequest { get }
  /// What it needs from the backward pass from the final score.
  var flows: [FlowRequest] { get }
  /// Called when a requested block has run, for one picture.
  func forward(_ layer: LayerView)
  /// Called when the pass has ended.
  func end(_ end: PassEnd)
  /// Called when the backward pass has reached a block: see `FlowRequest`.
  func backward(_ layer: LayerView, _ flow: LayerFlow)
  /// `[pictures][prompts]`
  func maps() -> [[Heatmap]]
}

extension MethodRun {
  package var flows: [FlowRequest] { [] }
  package func forward(_ layer: LayerView) {}
  package func end(_ end: PassEnd) {}
  package func backward(_ layer: LayerView, _ flow: LayerFlow) {}
}

/// The last tokens of one picture of a pass.
package struct PassEnd: Sendable {
  package let vision: VisionRuntime
  /// The picture's index in the pass.
  package let sequence: Int
  /// The picture's index among all that are explained.
  package let picture: Int
  /// The number of tokens, including the prefix.
  package let count: Int
  /// `[pictures * count, width]`: the last block's output; only the requested rows are guaranteed to be there.
  let output: FloatBuffer
  /// The picture's embedding, not normalised.
  package let embedding: [Float]

  /// `[count, width]`
  var tokens: UnsafePointer<Float> {
    UnsafePointer(output.pointer + sequence * count * vision.tower.blocks.width)
  }
}
