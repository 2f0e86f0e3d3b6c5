/// The `Retry-After` header: RFC 9110, section 10.2.3.
enum RetryAfter {
    /// A longer wish is a mistake, or a clock that is wrong; points must not wait for it.
    static let longest: Int64 = 86_400

    /// How long the server asks to wait, from seconds or from an HTTP date and `now` (seconds since
    /// the epoch). Zero for a date in the past, at most ``longest``; `nil` when it is neither.
    static func parse(_ field: String, now: Int64) -> Duration? {
        let text = field.drop(while: isSpace)
        let end = text.lastIndex { !isSpace($0) }
        guard let end else { return nil }
        let word = text[...end]
        if word.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {
            return .seconds(min(longest, Int64(word) ?? longest))
        }
        guard let date = seconds(ofDate: word, now: now) else { return nil }
        return .seconds(min(longest, max(0, date - now)))
    }

    private static func isSpace(_ character: Character) -> Bool {
        character == " " || character == "\t" || character == "\r\n" || character == "\r"
            || character == "\n"
    }

    /// Reads the three forms of RFC 9110, section 5.6.7, which differ in order and punctuation only:
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
    private static func seconds(ofDate text: Substring, now: Int64) -> Int64? {
        var day: Int64?
        var month: Int64?
        var year: Int64?
        var time: Int64?
        for word in text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }) {
            if let number = Int64(word) {
                if day == nil {
                    day = number
                } else {
                    year = word.utf8.count == 2 ? fullYear(number, now: now) : number
                }
            } else if let index = months.firstIndex(of: word.lowercased()) {
                month = Int64(index + 1)
            } else if word.contains(":") {
                time = seconds(ofTime: word)
            }
        }
        guard let day, let month, let year, let time, 1...31 ~= day, 1970...9999 ~= year else {
            return nil
        }
        return days(year: year, month: month, day: day) * 86_400 + time
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// Two digits mean the year that is not more than 50 years ahead.
    private static func fullYear(_ twoDigits: Int64, now: Int64) -> Int64 {
        let thisYear = 1970 + now / 31_556_952
        let inThisCentury = thisYear / 100 * 100 + twoDigits
        return inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury
    }

    private static func seconds(ofTime text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard parts.count == 3, let hours = parts[0], let minutes = parts[1],
            let seconds = parts[2], 0...23 ~= hours, 0...59 ~= minutes, 0...60 ~= seconds
        else { return nil }
        return hours * 3600 + minutes * 60 + seconds
    }

    /// Days since the epoch of a date in the Gregorian calendar: the year is taken to begin in
    /// March, so that the leap day is its last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let marchMonth = (month + 9) % 12
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear
            - 719_468
    }
}
