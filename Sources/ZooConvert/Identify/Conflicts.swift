import ZooModels

/// A choice that shapes do not reveal, and its value in words: what two sources may disagree about.
private func choices(_ architecture: Architecture, _ preprocessing: Preprocessing) -> [(name: String, value: String)] {
  var list: [(name: String, value: String)] = []
  if let vision = architecture.vision {
    list += [
      ("activation of the image tower", vision.blocks.activation.rawValue),
      ("epsilon of the image tower", "\(vision.blocks.normEps)"),
      ("head count of the image tower", "\(vision.blocks.heads)"),
      ("pooler of the image tower", vision.pooler.name),
      ("picture size", "\(preprocessing.size)"),
      ("pixel mean", "\(preprocessing.mean)"),
      ("pixel deviation", "\(preprocessing.std)"),
      ("picture size before the crop", "\(preprocessing.resizeSize ?? preprocessing.size)"),
      ("pixel factor", "\(preprocessing.rescaleFactor)"),
      ("interpolation", preprocessing.interpolation.rawValue),
      ("resize mode", preprocessing.resizeMode.rawValue),
    ]
  }
  if let text = architecture.text {
    list += [
      ("activation of the text tower", text.blocks.activation.rawValue),
      ("epsilon of the text tower", "\(text.blocks.normEps)"),
      ("head count of the text tower", "\(text.blocks.heads)"),
      ("mask of the text tower", text.causal ? "causal" : "none"),
      ("pooling of the text tower", "\(text.pooling)"),
    ]
  }
  return list
}

/// One sentence for each choice in which two sources differ; the first one wins.
func conflicts(
  _ winner: String, _ first: (Architecture, Preprocessing), _ loser: String, _ second: (Architecture, Preprocessing)
) -> [String] {
  let others = Dictionary(uniqueKeysWithValues: choices(second.0, second.1))
  return choices(first.0, first.1).compactMap { name, value in
    guard let other = others[name], other != value else { return nil }
    return "The \(name) is \(value) by \(winner) and \(other) by \(loser): \(winner) wins."
  }
}
