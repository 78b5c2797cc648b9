/// Colours as 0xRRGGBB.
extension Sheet.Theme {
  var background: UInt32 { self == .light ? 0xFFFFFF : 0x101216 }
  var ink: UInt32 { self == .light ? 0x1B1F24 : 0xE8EAED }
  var quiet: UInt32 { self == .light ? 0x5F6872 : 0x9BA3AC }
  var line: UInt32 { self == .light ? 0xD0D7DE : 0x30363D }
  var badge: UInt32 { self == .light ? 0xB45309 : 0xF0B35B }
  var badgeInk: UInt32 { self == .light ? 0xFFFFFF : 0x101216 }
}
