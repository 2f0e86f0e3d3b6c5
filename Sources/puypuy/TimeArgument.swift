internal import ArgumentParser
internal import Glibc

/// A span of time as people type it: `90s`, `15m`, `24h`, `7d`, `1h30m`.
struct SpanArgument: ExpressibleByArgument {
    let seconds: Double

    init?(argument: String) {
        var rest = argument[...]
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit: Double
            switch rest.first {
            case "s": unit = 1
            case "m": unit = 60
            case "h": unit = 3_600
            case "d": unit = 86_400
            default: return nil
            }
            rest = rest.dropFirst()
            total += number * unit
        }
        // A hundred years; nanoseconds of a little more do not fit.
        guard total > 0, total < 3.2e9 else { return nil }
        seconds = total
    }
}

/// An instant as people type it: `2026-11-23T20:15:03Z`, with a blank instead of the T, without the
/// Z, without seconds, or the day alone; always UTC. Or seconds since the epoch.
struct InstantArgument: ExpressibleByArgument {
    let ns: Int64

    init?(argument: String) {
        if argument.allSatisfy({ $0.isASCII && $0.isNumber }), let seconds = Int64(argument),
            seconds < 9_000_000_000
        {
            ns = seconds * 1_000_000_000
            return
        }
        let text = argument.hasSuffix("Z") ? argument.dropLast() : argument[...]
        let halves = text.split(
            maxSplits: 1, omittingEmptySubsequences: false,
            whereSeparator: { $0 == "T" || $0 == " " })
        var times: [Int32]? = []
        if halves.count == 2 { times = Self.numbers(halves[1], separator: ":") }
        guard let days = Self.numbers(halves[0], separator: "-"), days.count == 3,
            // Nanoseconds since the epoch end in 2262.
            (1970..<2262).contains(days[0]),
            (1...12).contains(days[1]), (1...31).contains(days[2]), let times,
            halves.count == 1 || (2...3).contains(times.count)
        else { return nil }
        var parts = tm()
        parts.tm_year = days[0] - 1900
        parts.tm_mon = days[1] - 1
        parts.tm_mday = days[2]
        if halves.count == 2 {
            guard times[0] < 24, times[1] < 60, times.count == 2 || times[2] < 61 else {
                return nil
            }
            parts.tm_hour = times[0]
            parts.tm_min = times[1]
            parts.tm_sec = times.count == 3 ? times[2] : 0
        }
        ns = Int64(timegm(&parts)) * 1_000_000_000
    }

    /// Numbers of one to four digits.
    private static func numbers(_ text: Substring, separator: Character) -> [Int32]? {
        var numbers: [Int32] = []
        for word in text.split(separator: separator, omittingEmptySubsequences: false) {
            guard (1...4).contains(word.count), word.allSatisfy({ $0.isASCII && $0.isNumber }),
                let number = Int32(word)
            else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
