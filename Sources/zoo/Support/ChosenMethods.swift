import ZooExplain
import ZooRuntime

/// The methods of a call that runs several: those that it names, or all that run on its model.
struct ChosenMethods {
  /// The word for all methods in a list.
  static let all = "all"

  /// A method that 'all' leaves out.
  struct Undefined: Encodable {
    let method: String
    let reason: String
  }

  private(set) var methods: [HeatmapMethod] = []
  private(set) var undefined: [Undefined] = []

  /// - Parameters:
  ///   - lists: Methods with their options, or `all`; see `HeatmapMethod.list`.
  ///   - leavingOut: True to leave out methods that do not run on the model even if they are named.
  ///
  /// Throws if a named method does not run on the model.
  init(_ lists: [String], on model: ZooModel, leavingOut: Bool = false) throws {
    for name in lists.flatMap(HeatmapMethod.names) {
      if name == Self.all {
        for method in try HeatmapMethod.all.map({ try HeatmapMethod(named: $0.id) }) {
          try add(method, on: model, leavingOut: true)
        }
      } else {
        try add(try HeatmapMethod(name), on: model, leavingOut: leavingOut)
      }
    }
  }

  /// Adds each method once.
  private mutating func add(_ method: HeatmapMethod, on model: ZooModel, leavingOut: Bool) throws {
    if let obstacle = method.obstacle(on: model) {
      guard leavingOut else { throw obstacle }
      undefined.append(Undefined(method: method.info.id, reason: obstacle.reason))
    } else if !methods.contains(method) {
      methods.append(method)
    }
  }
}
