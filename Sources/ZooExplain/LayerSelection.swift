import ZooTensors

/// Which blocks of an image tower take part, counted from 0.
public enum LayerSelection: Sendable, Hashable, CustomStringConvertible {
  /// All layers: the paper's rule.
  case all
  /// The last `n` layers; the authors' library takes two.
  case last(Int)
  /// The last `p` percent of the layers, rounded up.
  case lastPercent(Int)
  case range(ClosedRange<Int>)

  /// Reads `all`, `last:2`, `last:40%`, `7` or `5-11`.
  public init(_ text: String) throws(LayerSelectionError) {
    if text == "all" {
      self = .all
    } else if text.hasPrefix("last:"), text.hasSuffix("%"), let percent = Int(text.dropFirst(5).dropLast()),
      (1...100).contains(percent)
    {
      self = .lastPercent(percent)
    } else if text.hasPrefix("last:"), let count = Int(text.dropFirst(5)), count > 0 {
      self = .last(count)
    } else {
      let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
        first <= last
      else { throw .unreadable(text) }
      self = .range(first...last)
    }
  }

  public var description: String {
    switch self {
    case .all: "all"
    case .last(let count): "last:\(count)"
    case .lastPercent(let percent): "last:\(percent)%"
    case .range(let range):
      range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
  }

  /// The layers of a tower of `count` blocks.
  public func layers(of count: Int) throws(LayerSelectionError) -> Range<Int> {
    switch self {
    case .all: return 0..<count
    case .lastPercent(let percent): return count - (count * percent + 99) / 100..<count
    case .last(let wanted):
      guard wanted <= count else { throw .tooMany(self, layers: count) }
      return count - wanted..<count
    case .range(let range):
      guard range.upperBound < count else { throw .tooMany(self, layers: count) }
      return Range(range)
    }
  }
}

/// Why a selection of layers means nothing.
public enum LayerSelectionError: ZooError, Equatable {
  case unreadable(String)
  case tooMany(LayerSelection, layers: Int)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .unreadable(let text):
      "'\(text)' is no selection of layers: write all, last:2, last:40%, 7 or 5-11 (the first layer is 0)"
    case .tooMany(let selection, let layers):
      "layers \(selection) do not exist: the image tower has \(layers), 0 to \(layers - 1)"
    }
  }
}
