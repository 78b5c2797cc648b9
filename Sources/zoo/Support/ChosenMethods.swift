import ZooExplain
import ZooRuntime

/// The methods of a call that runs several: those that it names, or all that run on its model.
struct ChosenMethods {
  /// What stands for all methods in a list.
  static let all = "all"

  /// A method that 'all' leaves out.
  struct Undefined: Encodable {
    let method: String
    let reason: String
  }

  private(set) var methods: [Method] = []
  private(set) var undefined: [Undefined] = []

  /// - Parameter lists: methods with their options, or `all`; see `Method.list`.
  ///
  /// Throws where a method that is named does not run on the model.
  init(_ lists: [String], on model: Model) throws {
    for name in lists.flatMap(Method.names) {
      if name == Self.all {
        for method in try Method.all.map({ try Method(named: $0.id) }) {
          if let obstacle = method.obstacle(on: model) {
            undefined.append(Undefined(method: method.info.id, reason: obstacle.reason))
          } else {
            add(method)
          }
        }
      } else {
        let method = try Method(name)
        if let obstacle = method.obstacle(on: model) { throw obstacle }
        add(method)
      }
    }
  }

  /// Each method once.
  private mutating func add(_ method: Method) { if !methods.contains(method) { methods.append(method) } }
}
