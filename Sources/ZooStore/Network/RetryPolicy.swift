import Foundation

/// How often and after which delays a request is retried.
package struct RetryPolicy: Sendable {
  /// Attempts for the same bytes before giving up; any byte that arrives resets the count.
  package var attempts: Int
  /// Attempts before giving up on a server that cannot be reached at all.
  package var connectionAttempts: Int
  /// Seconds before the second attempt; the delay doubles for each further one.
  package var firstDelay: Double
  /// The longest delay in seconds; if a server asks for more, that is an error.
  package var longestDelay: Double
  /// Waits for a number of seconds.
  package var pause: @Sendable (Double) async throws -> Void

  package init(
    attempts: Int = 6, connectionAttempts: Int = 3, firstDelay: Double = 1, longestDelay: Double = 120,
    pause: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
  ) {
    self.attempts = attempts
    self.connectionAttempts = connectionAttempts
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.pause = pause
  }

  /// Seconds before attempt `number` (the second is 1); nil if the server asks for more than the longest delay.
  func delay(_ number: Int, retryAfter: String?, now: Date = Date()) -> Double? {
    if let asked = retryAfter.flatMap({ Self.seconds($0, now: now) }) { return asked <= longestDelay ? asked : nil }
    return min(longestDelay, firstDelay * Double(1 << min(number - 1, 20)))
  }

  /// `Retry-After` as seconds: a number, or a date such as `Wed, 21 Oct 2026 07:28:00 GMT`.
  static func seconds(_ text: String, now: Date) -> Double? {
    if let number = Double(text), number.isFinite { return max(0, number) }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let parts = text.split { " ,:".contains($0) }
    guard parts.count == 8, parts[7] == "GMT", let month = months.firstIndex(of: String(parts[2])),
      let day = Int32(parts[1]), let year = Int32(parts[3]),
      let hour = Int32(parts[4]), let minute = Int32(parts[5]), let second = Int32(parts[6])
    else { return nil }
    var date = tm()
    (date.tm_year, date.tm_mon, date.tm_mday) = (year - 1900, Int32(month), day)
    (date.tm_hour, date.tm_min, date.tm_sec) = (hour, minute, second)
    return max(0, Double(timegm(&date)) - now.timeIntervalSince1970)
  }
}
