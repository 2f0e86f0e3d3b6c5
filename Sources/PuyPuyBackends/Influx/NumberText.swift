/// Writes numbers as ASCII digits, without a String per number where that is possible.
///
/// The room that each call needs is at most ``maxBytes``.
enum NumberText {
    /// The longest texts: `-2.2250738585072014e-308` has 24 bytes, `-9223372036854775808` has 20.
    static let maxBytes = 32

    /// `00` to `99`.
    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748\
        49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697\
        9899
        """

    /// 10^0 … 10^9; each is exact as a `Double`.
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    /// A double below 2^51 plus this has its integer part in the lowest bits.
    private static let rounder = 0x1.8p52

    /// Writes `integer` in decimal and returns the number of bytes.
    static func write(_ integer: Int64, to start: UnsafeMutablePointer<UInt8>) -> Int {
        guard integer < 0 else { return write(digits: integer.magnitude, to: start) }
        start[0] = UInt8(ascii: "-")
        return 1 + write(digits: integer.magnitude, to: start + 1)
    }

    private static func write(digits number: UInt64, to start: UnsafeMutablePointer<UInt8>) -> Int {
        let count = digitCount(number)
        let pairs = pairs.utf8Start
        var rest = number
        var position = count
        while rest >= 100 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            position &-= 2
            start[position] = pairs[Int(truncatingIfNeeded: pair &* 2)]
            start[position &+ 1] = pairs[Int(truncatingIfNeeded: pair &* 2 &+ 1)]
            rest = quotient
        }
        if rest >= 10 {
            start[0] = pairs[Int(truncatingIfNeeded: rest &* 2)]
            start[1] = pairs[Int(truncatingIfNeeded: rest &* 2 &+ 1)]
        } else {
            start[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
        }
        return count
    }

    /// The digits of `number`, which is at most 2^63: 19 at most.
    private static func digitCount(_ number: UInt64) -> Int {
        var digits = 1
        var limit: UInt64 = 10
        while digits < 19 && number >= limit {
            digits &+= 1
            limit &*= 10
        }
        return digits
    }

    /// Writes a finite `double` as the shortest decimal text that reads back as the same bits, and
    /// returns the number of bytes. Whole numbers up to 2^53 have no point: `5`.
    static func write(_ double: Double, to start: UnsafeMutablePointer<UInt8>) -> Int {
        if double.magnitude <= 9_007_199_254_740_992 {
            let whole = Int64(double)
            // The comparison of bits keeps the sign of -0.0.
            if Double(whole).bitPattern == double.bitPattern { return write(whole, to: start) }
            if let count = writeDecimal(double, to: start) { return count }
        }
        var text = double.description
        return text.withUTF8 { bytes in
            start.update(from: bytes.baseAddress!, count: bytes.count)
            return bytes.count
        }
    }

    /// Writes a `double` that is no whole number when it is a decimal of at most nine places and
    /// fifteen digits; `nil` when it is not.
    ///
    /// No two decimals of at most fifteen digits are the same double, so one from which the same bits
    /// come back is the only one, and without zeros at its end the shortest text. Below 0.0001 the
    /// shortest text has an exponent.
    private static func writeDecimal(
        _ double: Double, to start: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard double.magnitude >= 0.0001 else { return nil }
        return powers.withUnsafeBufferPointer { powers in
            // Most measurements have few places. Nine or nothing shows in one step who has more.
            for places in 1...3 {
                if let number = scaled(double, powers[places]) {
                    return write(number, places: places, to: start)
                }
            }
            var places = 9
            while places > 3 && double.magnitude * powers[places] >= 1e15 { places -= 1 }
            guard places > 3, var number = scaled(double, powers[places]) else { return nil }
            while number % 10 == 0 {
                number /= 10
                places -= 1
            }
            return write(number, places: places, to: start)
        }
    }

    /// `double` times `power`, when that is an integer of at most fifteen digits from which the same
    /// bits come back.
    @inline(__always)
    private static func scaled(_ double: Double, _ power: Double) -> Int64? {
        let product = double * power
        guard product.magnitude < 1e15 else { return nil }
        let shifted = product + rounder
        guard (shifted - rounder) / power == double else { return nil }
        return Int64(bitPattern: shifted.bitPattern &- rounder.bitPattern)
    }

    /// Writes `number` with a point before its last `places` digits.
    private static func write(
        _ number: Int64, places: Int, to start: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var next = start
        if number < 0 {
            next[0] = UInt8(ascii: "-")
            next += 1
        }
        var power: UInt64 = 1
        for _ in 0..<places { power &*= 10 }
        let (whole, fraction) = number.magnitude.quotientAndRemainder(dividingBy: power)
        next += write(digits: whole, to: next)
        next[0] = UInt8(ascii: ".")
        // Zeros of the fraction that a number does not begin with.
        let zeros = places - digitCount(fraction)
        for index in 0..<zeros { next[1 + index] = UInt8(ascii: "0") }
        next += 1 + zeros
        next += write(digits: fraction, to: next)
        return next - start
    }
}
