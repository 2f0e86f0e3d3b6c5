/// Times as RFC 3339 texts, UTC, to the nanosecond: `2026-11-23T20:15:03.250000000Z`.
///
/// All have the same length, so they are in the order of their bytes when they are in the order of
/// time, and a text that is compared with them stands for a time.
public enum TimeText {
    /// The bytes of a text.
    public static let length = 30

    /// Nanoseconds since the epoch as text.
    public static func text(ns: Int64) -> String {
        String(unsafeUninitializedCapacity: length) { buffer in
            write(ns: ns, to: buffer)
            return length
        }
    }

    /// Writes the text's ``length`` bytes to the beginning of `buffer`.
    public static func write(ns: Int64, to buffer: UnsafeMutableBufferPointer<UInt8>) {
        let (days, inDay) = floorDivided(ns, by: 86_400_000_000_000)
        let date = civil(days: days)
        let seconds = inDay / 1_000_000_000
        put(date.year, 4, buffer, at: 0, then: "-")
        put(date.month, 2, buffer, at: 5, then: "-")
        put(date.day, 2, buffer, at: 8, then: "T")
        put(seconds / 3600, 2, buffer, at: 11, then: ":")
        put(seconds / 60 % 60, 2, buffer, at: 14, then: ":")
        put(seconds % 60, 2, buffer, at: 17, then: ".")
        put(inDay % 1_000_000_000, 9, buffer, at: 20, then: "Z")
    }

    /// The first time whose text does not come before `text` in the order of the bytes; `nil` when
    /// all come before it.
    public static func firstNs(notBefore text: String) -> Int64? {
        firstNs { !precedes($0, text) }
    }

    /// The first time whose text comes behind `text`; `nil` when none does.
    public static func firstNs(after text: String) -> Int64? {
        firstNs { precedes(text, $0) }
    }

    /// The first time whose text is as `isMeant` says, which all later ones are as well.
    private static func firstNs(_ isMeant: (String) -> Bool) -> Int64? {
        guard isMeant(self.text(ns: .max)) else { return nil }
        var first = Int64.min
        var last = Int64.max
        while first < last {
            // Half of the difference, which itself may be too large for a number with a sign.
            let middle = first &+ Int64(bitPattern: UInt64(bitPattern: last &- first) / 2)
            if isMeant(self.text(ns: middle)) {
                last = middle
            } else {
                first = middle + 1
            }
        }
        return first
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func floorDivided(_ value: Int64, by divisor: Int64) -> (Int64, rest: Int64) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }

    /// The date of a day, counted from 1970-01-01, in the Gregorian calendar. The year is counted
    /// from March, so that the leap day is its last.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Days since 0000-03-01, in cycles of 400 years.
        let (cycle, inCycle) = floorDivided(days + 719_468, by: 146_097)
        let year = (inCycle - inCycle / 1_460 + inCycle / 36_524 - inCycle / 146_096) / 365
        let inYear = inCycle - (365 * year + year / 4 - year / 100)
        // Five months from March on have 153 days, twice.
        let month = (5 * inYear + 2) / 153
        let day = inYear - (153 * month + 2) / 5 + 1
        let isNextYear = month >= 10
        return (
            cycle * 400 + year + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3, day
        )
    }

    private static func put(
        _ number: Int64, _ digits: Int, _ buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int,
        then end: Unicode.Scalar
    ) {
        var rest = number
        for position in (start..<(start + digits)).reversed() {
            buffer[position] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        buffer[start + digits] = UInt8(ascii: end)
    }
}
