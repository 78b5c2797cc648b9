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
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return formatter.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
  }
}
