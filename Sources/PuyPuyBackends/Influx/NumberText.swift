/// Writes numbers as ASCII digits, without a String per number where that is possible.
///
/// The room that each call needs is at most ``maxBytes``.
enum NumberText {
    /// The longest texts: `-2.2250738585072014e-308` has 24 bytes, `-9223372036854775808` has 20.
    static let maxBytes = 32

    /// Writes `integer` in decimal and returns the number of bytes.
    static func write(_ integer: Int64, to start: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = integer.magnitude
        var digits = 1
        var limit: UInt64 = 10
        while digits < 19 && rest >= limit {
            digits += 1
            limit &*= 10
        }
        let sign = integer < 0 ? 1 : 0
        if sign == 1 { start[0] = UInt8(ascii: "-") }
        var position = sign + digits
        while position > sign {
            position -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            start[position] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        return sign + digits
    }

    /// Writes a finite `double` as the shortest decimal text that reads back as the same bits, and
    /// returns the number of bytes. Whole numbers up to 2^53 have no point: `5`.
    static func write(_ double: Double, to start: UnsafeMutablePointer<UInt8>) -> Int {
        if double.magnitude <= 9_007_199_254_740_992 {
            let whole = Int64(double)
            // The comparison of bits keeps the sign of -0.0.
            if Double(whole).bitPattern == double.bitPattern { return write(whole, to: start) }
        }
        var text = double.description
        return text.withUTF8 { bytes in
            start.update(from: bytes.baseAddress!, count: bytes.count)
            return bytes.count
        }
    }
}
