import Foundation

/// Time that only runs forward, and the date.
package enum Clock {
  /// Seconds since some moment.
  package static var seconds: Double { read(CLOCK_MONOTONIC) }

  /// Seconds since the machine's start, those included that it slept.
  package static var sinceBoot: Double { read(CLOCK_BOOTTIME) }

  /// Seconds since the beginning of 1970, as the system's clock has it; somebody may set it back.
  package static var date: Double { read(CLOCK_REALTIME) }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// "2026-11-26 17:18", in UTC, of seconds since the beginning of 1970; nil beyond years of four digits, as a file can hold
  /// any number.
  package static func minute(_ date: Double) -> String? {
    guard 0..<2.5e11 ~= date else { return nil }
    let text = Date(timeIntervalSince1970: date).formatted(.iso8601)
    return String(text.prefix(16)).replacing("T", with: " ")
  }

  /// "1:02:03" or "4:05".
  package static func text(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(pad(minutes)):\(pad(rest))" : "\(minutes):\(pad(rest))"
  }
}
