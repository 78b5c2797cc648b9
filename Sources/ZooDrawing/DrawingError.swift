import ZooTensors

/// Why a drawing failed.
package enum DrawingError: ZooError, Equatable {
  /// Pango and Cairo cannot be loaded; `reason` is the loader's.
  case noLibrary(reason: String)
  /// Out of memory, or the page exceeds the maximum size of its format.
  case failed(width: Int, height: Int)

  package var blame: Blame { .work }

  package var description: String {
    switch self {
    case .noLibrary(let reason):
      "Pango, which draws text, cannot be loaded (\(reason)): install libpangocairo-1.0-0 (Debian) or pango (Homebrew)"
    case .failed(let width, let height):
      "a page of \(width)x\(height) cannot be drawn: there is not enough memory, or it is too large; take fewer prompts, "
        + "or smaller tiles"
    }
  }
}
