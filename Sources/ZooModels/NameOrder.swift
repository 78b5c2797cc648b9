extension String {
  /// Whether a name sorts before another in the order people expect: ignoring case, with runs of digits as numbers
  /// (`ViT-Ti-8` before `ViT-Ti-16`). The same in every locale; names that differ only in case or leading zeros are ordered by their bytes.
  package func standsBefore(_ other: String) -> Bool {
    var a = Substring(self.lowercased()).utf8, b = Substring(other.lowercased()).utf8
    while let x = a.first, let y = b.first {
      if x.isDigit, y.isDigit {
        let left = a.takeNumber(), right = b.takeNumber()
        if left.count != right.count { return left.count < right.count }
        if !left.elementsEqual(right) { return left.lexicographicallyPrecedes(right) }
      } else if x != y {
        return x < y
      } else {
        a.removeFirst()
        b.removeFirst()
      }
    }
    return a.isEmpty && b.isEmpty ? self < other : a.isEmpty
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (48...57).contains(self) }
}

extension Substring.UTF8View {
  /// Removes and returns the digits at the start, without leading zeros.
  fileprivate mutating func takeNumber() -> Substring.UTF8View {
    let digits = prefix(while: \.isDigit)
    removeFirst(digits.count)
    return digits.drop { $0 == 48 }
  }
}
