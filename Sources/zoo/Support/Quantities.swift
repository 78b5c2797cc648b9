import Foundation
import ZooTensors

/// A number of bytes for people to read, in powers of 1000.
func byteText(_ count: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB"]
  var value = Double(count), unit = 0
  while value >= 999.5, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(count) B" : formatted(value < 9.95 ? "%.1f " : "%.0f ", value) + units[unit]
}

/// A count such as parameters: 986 M.
func countText(_ count: Int) -> String {
  switch count {
  case ..<1000: "\(count)"
  case ..<1_000_000: formatted("%.0f k", Double(count) / 1e3)
  case ..<1_000_000_000: formatted("%.0f M", Double(count) / 1e6)
  default: formatted("%.2f G", Double(count) / 1e9)
  }
}

/// A date in sortable form, in local time: 2026-11-28; a dash for nil.
func dayText(_ date: Date?) -> String {
  guard let date else { return "-" }
  var seconds = time_t(date.timeIntervalSince1970), day = tm()
  localtime_r(&seconds, &day)
  return formatted("%04d-%02d-%02d", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday)
}

/// A time span in a suitable unit: 40 s, 12 min, 3 h, 9 d.
func spanText(_ seconds: Int) -> String {
  switch seconds {
  case ..<120: "\(seconds) s"
  case ..<7200: "\(seconds / 60) min"
  case ..<172_800: "\(seconds / 3600) h"
  default: "\(seconds / 86400) d"
  }
}
