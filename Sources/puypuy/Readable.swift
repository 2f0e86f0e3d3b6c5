internal import Glibc
internal import PuyPuyCore

/// Numbers as people read them.
enum Readable {
    /// `734 B`, `12.3 KB`, `4.0 MB`: powers of 1024.
    static func bytes(_ count: Int64) -> String {
        if count < 1024 { return "\(count) B" }
        var value = Double(count)
        var unit = "B"
        for next in ["KB", "MB", "GB", "TB"] where value >= 1024 {
            value /= 1024
            unit = next
        }
        return "\(decimal(value, places: 1)) \(unit)"
    }

    /// `12,345,678`.
    static func count(_ count: Int64) -> String {
        let digits = String(count.magnitude)
        var text = ""
        for (position, digit) in digits.enumerated() {
            if position > 0 && (digits.count - position).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return count < 0 ? "-" + text : text
    }

    /// What commands say of batches that they leave out.
    static func damagedBatches(_ count: Int) -> String {
        "\(count) batch\(count == 1 ? " is" : "es are") damaged and left out; see: puypuy spool verify"
    }

    /// `0.4s`, `12s`, `5m 3s`, `2h 14m`, `3d 4h`.
    static func duration(seconds: Double) -> String {
        if seconds < 0 { return "in " + duration(seconds: -seconds) }
        if seconds < 10 { return "\(decimal(seconds, places: 1))s" }
        let whole = Int(seconds)
        if whole < 60 { return "\(whole)s" }
        if whole < 3600 { return "\(whole / 60)m \(whole % 60)s" }
        if whole < 86_400 { return "\(whole / 3600)h \(whole % 3600 / 60)m" }
        return "\(whole / 86_400)d \(whole % 86_400 / 3600)h"
    }

    /// The time since `ns` (nanoseconds since the epoch).
    static func age(ns: Int64) -> String {
        duration(seconds: Double(nowNs() - ns) / 1e9)
    }

    /// `0.42ms`, `3.1ms`, `1.2s`.
    static func shortTime(ns: Int64) -> String {
        let milliseconds = Double(ns) / 1e6
        return milliseconds < 1000
            ? "\(decimal(milliseconds, places: milliseconds < 10 ? 2 : 1))ms"
            : "\(decimal(milliseconds / 1000, places: 1))s"
    }

    /// With so many digits behind the point, rounded.
    static func decimal(_ value: Double, places: Int) -> String {
        let scale = pow(10, Double(places))
        let scaled = Int64((value.magnitude * scale).rounded())
        let whole = scaled / Int64(scale)
        let fraction = String(scaled % Int64(scale))
        let sign = value < 0 && scaled != 0 ? "-" : ""
        return sign + "\(whole)."
            + String(repeating: "0", count: places - fraction.count) + fraction
    }

    /// A value in at most some ten characters.
    static func value(_ value: Value) -> String {
        switch value {
        case .integer(let integer): "\(integer)"
        case .double(let double):
            double.magnitude >= 1e-3 && double.magnitude < 1e12 && double != double.rounded()
                ? decimal(double, places: 3) : "\(double)"
        }
    }

    /// `2026-11-23 20:15:03`, UTC.
    static func time(ns: Int64) -> String {
        var seconds = time_t(ns / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + " \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }

    /// Nanoseconds since the epoch.
    static func nowNs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
