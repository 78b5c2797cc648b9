/// The special tokens that a post-processor puts around one text.
struct PostProcessor: Sendable {
  var prefix: [Int32] = []
  var suffix: [Int32] = []

  init(prefix: [Int32] = [], suffix: [Int32] = []) {
    self.prefix = prefix
    self.suffix = suffix
  }

  init(_ node: JSONNode) throws(TextError) {
    switch try node.type() {
    case "ByteLevel": break
    case "BertProcessing", "RobertaProcessing":
      prefix = [try Self.token(try node.member("cls"))]
      suffix = [try Self.token(try node.member("sep"))]
    case "TemplateProcessing": try readTemplate(node)
    case "Sequence":
      for step in try node.elements("processors") {
        let inner = try PostProcessor(step)
        prefix = inner.prefix + prefix
        suffix += inner.suffix
      }
    case let other: throw node.unsupported("the post-processor \(other)")
    }
  }

  /// `["[CLS]", 101]`.
  private static func token(_ node: JSONNode) throws(TextError) -> Int32 {
    guard let pair = node.value.array, pair.count == 2 else { throw node.problem("a token and its id were expected") }
    return try checkedID(pair[1].int, of: pair[0].bytes ?? [], file: node.file, field: node.path)
  }

  private mutating func readTemplate(_ node: JSONNode) throws(TextError) {
    var hasText = false
    for part in try node.elements("single") {
      if part.optional("Sequence") != nil {
        guard !hasText else { throw part.problem("the template has the text twice") }
        hasText = true
        continue
      }
      let name = try part.member("SpecialToken").text("id")
      let ids = try node.member("special_tokens").member(name).elements("ids").map { id throws(TextError) in
        try checkedID(id.value.int, of: name.utf8, file: id.file, field: id.path)
      }
      if hasText { suffix += ids } else { prefix += ids }
    }
    guard hasText else { throw node.problem("the text is not in the template") }
  }
}
