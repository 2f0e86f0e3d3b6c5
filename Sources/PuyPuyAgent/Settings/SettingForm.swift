/// What the text of a key has to be.
public enum SettingForm: Sendable, Hashable {
    /// Any text on one line.
    case text
    /// True, yes, on, 1 or False, no, off, 0, in any case.
    case flag
    /// A whole number in this range.
    case whole(ClosedRange<Int>)
    /// A time in this range of seconds: a number of seconds, or with a unit: `90s`, `5m`, `2h`, `1d`.
    case seconds(ClosedRange<Double>)
    /// A time in this range of hours: a number of hours, or with a unit: `90m`, `24h`, `7d`.
    case hours(ClosedRange<Double>)
    /// One of these words, in any case.
    case choice([String])
    /// A file or a folder; relative ones are relative to the folder of the configuration.
    case path
    /// The address of a server: `http://host:8086`, or with a path.
    case address

    /// What is expected, as a problem and the reference page say it.
    public var expectation: String {
        switch self {
        case .text: "text"
        case .flag: "yes or no"
        case .whole(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .seconds(let range):
            "seconds from \(SettingForm.plain(range.lowerBound)) to "
                + "\(SettingForm.plain(range.upperBound)), or a time like 90s, 5m or 1h"
        case .hours(let range):
            "hours from \(SettingForm.plain(range.lowerBound)) to "
                + "\(SettingForm.plain(range.upperBound)), or a time like 90m, 24h or 7d"
        case .choice(let words):
            words.count < 2 ? words.joined() : "one of " + words.joined(separator: ", ")
        case .path: "a path"
        case .address: "an address like http://127.0.0.1:8086"
        }
    }

    /// The value of a flag's text.
    static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    /// The time that `text` says, when it is in `range`; both counted in `unitSeconds`, which is
    /// also the unit of a number that stands alone. Precise to the millisecond.
    static func duration(
        _ text: String, unitSeconds: Double, range: ClosedRange<Double>
    ) -> Duration? {
        guard let seconds = seconds(text, unitSeconds: unitSeconds),
            range.contains(seconds / unitSeconds)
        else { return nil }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }

    /// Whether `text` is a number or a time of this form, in its range or not.
    func isNumber(_ text: String) -> Bool {
        let magnitude = text.first == "-" ? String(text.dropFirst()) : text
        return switch self {
        case .whole: !magnitude.isEmpty && magnitude.utf8.allSatisfy { (0x30...0x39).contains($0) }
        case .seconds, .hours: SettingForm.seconds(magnitude, unitSeconds: 1) != nil
        default: false
        }
    }

    /// The seconds that `text` says, a number alone being counted in `unitSeconds`.
    private static func seconds(_ text: String, unitSeconds: Double) -> Double? {
        var digits = Substring(text.lowercased())
        var unit = unitSeconds
        if let last = digits.last, let named = unitLengths[last] {
            unit = named
            digits = digits.dropLast()
            while digits.last == " " { digits = digits.dropLast() }
        }
        guard let first = digits.utf8.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9"),
            digits.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }),
            let number = Double(digits)
        else { return nil }
        return number * unit
    }

    /// `duration` in `unitSeconds`, as it would be written: `10`, `0.5`.
    static func text(_ duration: Duration, unitSeconds: Double) -> String {
        let (seconds, attoseconds) = duration.components
        return plain((Double(seconds) + Double(attoseconds) / 1e18) / unitSeconds)
    }

    /// A number without a needless `.0`.
    static func plain(_ number: Double) -> String {
        number == number.rounded() && number.magnitude < 1e15
            ? "\(Int64(number))" : "\(number)"
    }

    private static let unitLengths: [Character: Double] = [
        "s": 1, "m": 60, "h": 3600, "d": 86400,
    ]
}
