/// The parts of a checkpoint's file name: `model.fp16.safetensors`, `model.safetensors.index.fp16.json`,
/// `model-00001-of-00003.bin`.
struct CheckpointName {
  let name: String
  /// `model` in all of these.
  let stem: String
  /// The precision in the name if the file is a variant of the same weights, such as `fp16`; empty for the usual file.
  let variant: String
  /// The extension, with its dot.
  let ending: String
  /// Whether this is the table that says which shard holds which tensor.
  let isIndex: Bool
  /// Counted from 1; nil for a file that is not a shard.
  let shard: (number: Int, count: Int)?

  /// Extensions of checkpoints, in order of preference for files that differ in nothing else.
  static let endings = [".safetensors", ".npz", ".bin", ".pt", ".pth", ".ckpt"]
  /// Precisions in names, in order of preference for files that differ in nothing else.
  private static let variants = ["", "fp32", "fp16", "bf16"]

  /// Nil if the name is not that of a checkpoint.
  init?(_ name: String) {
    self.name = name
    var rest = name[...]
    var variant = ""
    let index = name.wholeMatch(of: indexPattern)
    isIndex = index != nil
    if let index { (rest, variant) = (index.1, index.2.map(String.init) ?? "") }
    guard let ending = Self.endings.first(where: rest.hasSuffix) else { return nil }
    rest = rest.dropLast(ending.count)
    let numbered = rest.wholeMatch(of: /(.+)-([0-9]{5})-of-([0-9]{5})/)
    if let numbered, let number = Int(numbered.2), let count = Int(numbered.3), 1...count ~= number {
      shard = (number, count)
      rest = numbered.1
    } else {
      shard = nil
    }
    if let known = Self.variants.dropFirst().first(where: { rest.hasSuffix(".\($0)") }) {
      variant = known
      rest = rest.dropLast(known.count + 1)
    }
    (stem, self.variant, self.ending) = (String(rest), variant, ending)
  }

  /// The preference among files with the same stem; the smallest is read.
  var rank: (Int, Int) {
    (Self.endings.firstIndex(of: ending) ?? 0, Self.variants.firstIndex(of: variant) ?? Self.variants.count)
  }

  /// The names of all shards of this one's set, in order.
  var siblings: [String] {
    guard let shard else { return [name] }
    return (1...shard.count).map {
      name.replacing(Self.label(shard.number, shard.count), with: Self.label($0, shard.count))
    }
  }

  private static func label(_ number: Int, _ count: Int) -> String { "-\(digits(number))-of-\(digits(count))" }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }
}

/// True for `NAME.index.json` and `NAME.index.VARIANT.json`.
package func isShardIndex(_ name: String) -> Bool { name.wholeMatch(of: indexPattern) != nil }

/// The names of all shards of this file's set, in order; empty for a file that is not a shard.
package func shardNames(with name: String) -> [String] {
  guard let parsed = CheckpointName(name), parsed.shard != nil else { return [] }
  return parsed.siblings
}

private var indexPattern: Regex<(Substring, Substring, Substring?)> { /(.*)\.index(?:\.([a-z0-9_]+))?\.json/ }
