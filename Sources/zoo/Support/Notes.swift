/// Remarks on a run: whole sentences on standard error, and in its JSON.
struct Notes {
  private(set) var all: [String] = []
  let isQuiet: Bool

  mutating func add(_ note: String) {
    all.append(note)
    if !isQuiet { Terminal.note("note: \(note)") }
  }
}
