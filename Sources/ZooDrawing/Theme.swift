/// Colours as 0xRRGGBB.
extension Sheet.Theme {
  var background: UInt32 { self == .light ? 0xFFFFFF : 0x101216 }
  var ink: UInt32 { self == .light ? 0x1B1F24 : 0xE8EAED }
  var quiet: UInt32 { self == .light ? 0x5F6872 : 0x9BA3AC }
  var line: UInt32 { self == .light ? 0xD0D7DE : 0x30363D }
  var badge: UInt32 { self == .light ? 0xB45309 : 0xF0B35B }
  /// The background of a word, by its strength from 0 to 1.
  func word(_ strength: Double) -> UInt32 {
    let strong: UInt32 = self == .light ? 0xFBBF24 : 0x92560A
    return [16, 8, 0].reduce(0) { color, shift in
      let from = Double(background >> shift & 255), to = Double(strong >> shift & 255)
      return color << 8 | UInt32((from + (to - from) * strength).rounded())
    }
  }

  var badgeInk: UInt32 { self == .light ? 0xFFFFFF : 0x101216 }
}
