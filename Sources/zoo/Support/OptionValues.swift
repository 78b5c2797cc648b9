import ArgumentParser
import Foundation
import ZooExplain
import ZooImages
import ZooManifests
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors
import ZooText

extension Preprocessing.ResizeMode: ExpressibleByArgument {}
extension LeGrad.Variant: ExpressibleByArgument {}
extension LeGrad.Score: ExpressibleByArgument {}
extension LeGrad.Tokens: ExpressibleByArgument {}
extension ColorMap: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {
  /// SiLU belongs to gated blocks, which the tensors reveal: nobody chooses it.
  private static let choices: [Activation] = [.gelu, .geluTanh, .quickGELU]
  public static var allValueStrings: [String] { choices.map(\.rawValue) }

  public init?(argument: String) {
    guard let choice = Self.choices.first(where: { $0.rawValue == argument }) else { return nil }
    self = choice
  }
}
extension Backend: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
