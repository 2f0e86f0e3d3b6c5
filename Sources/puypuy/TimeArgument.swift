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
        guard total > 0, total < 1e10 else { return nil }
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
        let text = argument.hasSuffix("Z") ? String(argument.dropLast()) : argument
        for format in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"] {
            var parts = tm()
            guard let end = strptime(text, format, &parts), end.pointee == 0 else { continue }
            ns = Int64(timegm(&parts)) * 1_000_000_000
            return
        }
        return nil
    }
}
