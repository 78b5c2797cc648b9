import Foundation
import ZooImages
import ZooModels
import ZooRuntime

/// An explanation method with its options.
public struct HeatmapMethod: Sendable, Hashable {
  package let base: any ExplanationMethod
  /// The options that were given by name; others have their defaults.
  public let options: [String: String]

  package init(_ base: any ExplanationMethod) { (self.base, options) = (base, [:]) }

  /// LeGrad with its options.
  public init(_ legrad: LeGrad) { self.init(legrad as any ExplanationMethod) }

  /// The method with a given name, with values for some of its options by name.
  ///
  /// Throws a `MethodError` that lists similar names, or the options that the method has; a `LayerSelectionError` for layers that cannot be parsed.
  public init(named name: String, options: [String: String] = [:]) throws {
    guard let type = methodTypes.first(where: { $0.info.id == name }) else {
      throw MethodError.unknown(name, near: name.isEmpty ? [] : nearest(to: name, among: Self.all.map(\.id)))
    }
    var values = try MethodOptions(options, of: type.info)
    base = try type.init(&values)
    self.options = options
  }

  /// Parses `NAME` or `NAME:OPTION=VALUE,OPTION=VALUE`; a value may contain commas itself.
  ///
  /// Throws like `init(named:options:)`.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var options: [String: String] = [:], last: String?
    for piece in parts.count > 1 ? parts[1].split(separator: ",", omittingEmptySubsequences: false) : [] {
      if let equals = piece.firstIndex(of: "=") {
        let name = piece[..<equals].trimmed
        options[name] = String(piece[piece.index(after: equals)...])
        last = name
      } else if let name = last {
        options[name, default: ""] += ",\(piece)"
      } else {
        throw MethodError.badValue(
          method: parts[0], option: String(piece), value: "", expected: "NAME:OPTION=VALUE,OPTION=VALUE")
      }
    }
    try self.init(named: parts[0], options: options)
  }

  /// The same method with values for more of its options; those that were set before are kept.
  ///
  /// Throws like `init(named:options:)`.
  public func adding(_ options: [String: String]) throws -> HeatmapMethod {
    try HeatmapMethod(named: info.id, options: self.options.merging(options) { own, _ in own })
  }

  /// The method's name, source and options.
  public var info: MethodInfo { type(of: base).info }
  /// Whether the map is the sum of maps of layers.
  public var sumsLayers: Bool { (try? base.using([0]).ownLayers(of: 1)) ?? nil != nil }
  /// The options, if the method is LeGrad.
  package var legrad: LeGrad? { base as? LeGrad }

  /// Information about all methods, in the order in which they are listed.
  public static let all: [MethodInfo] = methodTypes.map { $0.info }

  public static func == (a: HeatmapMethod, b: HeatmapMethod) -> Bool { AnyHashable(a.base) == AnyHashable(b.base) }
  public func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(base)) }

  /// Why the method does not run on a model, and which methods do; nil if it does.
  public func obstacle(on model: ZooModel) -> MethodError? { base.obstacle(on: model) }

  /// The maps of each direction on each picture.
  ///
  /// - Parameters:
  ///   - pictures: Preprocessed pictures of one size.
  ///   - directions: Normalised text embeddings, or one-hot vectors over the classes of a classifier.
  package func explain(_ pictures: [PixelTensor], directions: [[Float]], model: ZooModel) throws -> [MethodOutput] {
    try base.explain(pictures, prompts: directions, model: model)
  }
}

/// The result of one forward pass for a picture.
package struct MethodOutput: Sendable {
  /// The picture's embedding, not normalised; a classifier's logits.
  package let embedding: [Float]
  /// One for each prompt.
  package var heatmaps: [Heatmap]
}

extension ExplanationMethod {
  package func explain(
    _ pictures: [PixelTensor], prompts: [[Float]], background: [[Float]] = [], model: ZooModel
  ) throws -> [MethodOutput] {
    let output = try Pass.run(pictures, [Pass.Job(self, prompts, background: background)], model: model)
    return zip(output.embeddings, output.maps[0]).map { MethodOutput(embedding: $0, heatmaps: $1) }
  }

  /// Why the method does not run on a model, and which methods do; nil if it does.
  package func obstacle(on model: ZooModel) -> MethodError? {
    refusal(on: model)?.naming(methodsOn: model)
  }

  /// Why the method does not run on a model; nil if it does.
  fileprivate func refusal(on model: ZooModel) -> MethodError? {
    guard let vision = try? model.vision, let size = model.description.preprocessing?.size else {
      return .undefined(
        method: Self.info.id, model: model.name, reason: "it has no image tower", others: [])
    }
    do {
      _ = try start(
        MethodJob(
          vision: vision, engine: model.engine, grid: vision.grid(of: size), pictures: [],
          directions: [[Float](repeating: 0, count: model.architecture.embedding)], background: [], logitScale: 1))
      return nil
    } catch {
      return error as? MethodError
    }
  }
}

extension HeatmapMethod {
  /// The methods that run on a model with their default options.
  public static func defined(on model: ZooModel) -> [MethodInfo] {
    all.filter { info in (try? HeatmapMethod(named: info.id))?.base.refusal(on: model) == nil }
  }
}

extension MethodError {
  /// The error with the methods that run on the model, if this one does not.
  func naming(methodsOn model: ZooModel) -> MethodError {
    guard case .undefined(let method, let name, let reason, _) = self else { return self }
    return .undefined(method: method, model: name, reason: reason, others: HeatmapMethod.defined(on: model).map(\.id))
  }
}
