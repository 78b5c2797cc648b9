import Foundation
import Zoo

// example MODEL PICTURE PROMPT...: where in the picture is each prompt?
let arguments = CommandLine.arguments
// The folder of a converted model: 'zoo show NAME' prints it.
let model = try ZooModel(directory: URL(filePath: arguments[1]))
let picture = try Picture(contentsOf: URL(filePath: arguments[2]))
let explanation = try Explainer(model: model).explain(picture, prompts: Array(arguments[3...]))
for prompt in explanation.prompts {
  let map = prompt.heatmap
  let peak = map.values.indices.max { map.values[$0] < map.values[$1] }!
  let (row, column) = peak.quotientAndRemainder(dividingBy: map.grid.width)
  print("\(prompt.prompt): grid \(map.grid), energy \(map.energy), maximum in row \(row), column \(column)")
}
