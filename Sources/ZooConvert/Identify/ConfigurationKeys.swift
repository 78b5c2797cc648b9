import ZooCheckpoints

/// What one key of a configuration file means for a conversion.
///
/// The rule for every file beside the weights: each key is used, known to be irrelevant, or named in a note with its value; a value that changes the
/// result and is not supported stops the conversion. Each kind of file states this once, as a `KeyTable` in `KnownKeys+….swift`, and its reader calls
/// `notes(onKeysOf:by:)`. A key that becomes supported moves to `used`; a value that is rejected case by case is best rejected where it is read, by
/// `ConvertError.unusableValue`.
indirect enum KeyRule: Sendable {
  /// Read by the code that owns the table.
  case used
  /// Irrelevant to a converted model; the string says why.
  case irrelevant(String)
  /// Supported only with one of these values; any other stops the conversion. The string is the remedy, as a clause.
  case only([ConfigurationValue], remedy: String)
  /// An object with keys of its own; a value that is not an object is left to the reader.
  case object(KeyTable)
}

extension KeyRule {
  static let training = irrelevant("only training reads it")
  static let weightsHold = irrelevant("the weights hold the trained value")
  static let tensorsShow = irrelevant("the tensors show it")
  static let outputs = irrelevant("it only selects what a call returns")
  static let speed = irrelevant("it changes how a result is computed, not the result")
  static let bookkeeping = irrelevant("it says how the files were made or found, not what they compute")
}

/// The rules of one kind of file, by the key as spelled in the file.
typealias KeyTable = [String: KeyRule]

/// Notes on a configuration file: one sentence that names the keys without a rule, with their values.
///
/// A key whose value is null counts as absent. Throws `ConvertError.unusableValue` for a value that a rule excludes.
func notes(onKeysOf path: String, by table: KeyTable) throws(ConvertError) -> [String] {
  let unknown = try notes(on: readPlainJSON(path), by: table, prefix: "", file: path)
  guard !unknown.isEmpty else { return [] }
  let limit = 20
  let more = unknown.count > limit ? " and \(unknown.count - limit) more" : ""
  let (verb, pronoun) = unknown.count == 1 ? ("is", "it") : ("are", "them")
  return [
    "\(splitPath(path).name): \(unknown.prefix(limit).joined(separator: ", "))\(more) \(verb) not known to zoo, "
      + "which ignores \(pronoun)."
  ]
}

/// Keys without a rule, as `'vision_config.kind' = "new"`.
private func notes(
  on value: ConfigurationValue, by table: KeyTable, prefix: String, file: String
) throws(ConvertError) -> [String] {
  guard case .object(let members) = value else { return [] }
  var unknown: [String] = []
  for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
    let name = prefix + key
    switch table[key] {
    case .used, .irrelevant: break
    case .object(let inner): unknown += try notes(on: value, by: inner, prefix: "\(name).", file: file)
    case .only(let values, let remedy):
      guard values.contains(value) else {
        throw .unusableValue(file: file, key: name, value: "\(value)", remedy: remedy)
      }
    case nil: unknown.append("'\(name)' = \(value)")
    }
  }
  return unknown
}
