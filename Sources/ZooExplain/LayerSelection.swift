import ZooTensors

/// Which blocks of an image tower are used, counted from 0.
public enum LayerSelection: Sendable, Hashable, CustomStringConvertible {
  /// All layers: the paper's rule.
  case all
  /// The last `n` layers; the authors' library uses two.
  case last(Int)
  /// The last `p` percent of the layers, rounded up.
  case lastPercent(Int)
  /// Consecutive layers, or one.
  case range(ClosedRange<Int>)
  /// Several ranges.
  case list([ClosedRange<Int>])

  /// Parses `all`, `last:2`, `last:40%`, `7`, `5-11` or `0,3,8-11`.
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
      var ranges: [ClosedRange<Int>] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
          first <= last
        else { throw .unreadable(text) }
        ranges.append(first...last)
      }
      self = ranges.count == 1 ? .range(ranges[0]) : .list(ranges)
    }
  }

  /// Exactly these layers, in ascending order; all if the list is empty.
  init(_ layers: [Int]) {
    var ranges: [ClosedRange<Int>] = []
    for layer in layers {
      if let last = ranges.last, last.upperBound + 1 == layer {
        ranges[ranges.count - 1] = last.lowerBound...layer
      } else {
        ranges.append(layer...layer)
      }
    }
    self = ranges.isEmpty ? .all : ranges.count == 1 ? .range(ranges[0]) : .list(ranges)
  }

  public var description: String {
    switch self {
    case .all: "all"
    case .last(let count): "last:\(count)"
    case .lastPercent(let percent): "last:\(percent)%"
    case .range(let range): Self.text(of: range)
    case .list(let ranges): ranges.map(Self.text).joined(separator: ",")
    }
  }

  private static func text(of range: ClosedRange<Int>) -> String {
    range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
  }

  /// The layers of a tower with `count` blocks, in ascending order.
  public func layers(of count: Int) throws(LayerSelectionError) -> [Int] {
    let ranges: [ClosedRange<Int>]
    switch self {
    case .all: return Array(0..<count)
    case .lastPercent(let percent): return Array(count - (count * percent + 99) / 100..<count)
    case .last(let wanted):
      guard wanted <= count else { throw .tooMany(self, layers: count) }
      return Array(count - wanted..<count)
    case .range(let range): ranges = [range]
    case .list(let several): ranges = several
    }
    guard ranges.allSatisfy({ $0.upperBound < count }) else { throw .tooMany(self, layers: count) }
    return Set(ranges.joined()).sorted()
  }
}

/// Why a selection of layers is invalid.
public enum LayerSelectionError: ZooError, Equatable {
  /// The text does not name layers.
  case unreadable(String)
  /// The tower does not have these layers.
  case tooMany(LayerSelection, layers: Int)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .unreadable(let text):
      "'\(text)' is not a selection of layers; write all, last:2, last:40%, 7, 5-11 or 0,3,8-11 (the first layer is 0)"
    case .tooMany(let selection, let layers):
      "layers \(selection) do not exist: the image tower has \(layers), 0 to \(layers - 1)"
    }
  }
}
