/// The values of a batch as two columns of integers: of which kind each is, and its number.
///
/// | kind | value | number |
/// |---|---|---|
/// | 0…9 | the double `m / 10^kind` | m |
/// | 10 | an integer | itself |
/// | 11 | a double | its bits |
///
/// A double is taken for a decimal only when that gives back the same bits. In measurements decimals of
/// few places are the rule: so the kind that fitted before is tried first, and costs one multiplication
/// and one division.
enum ValueColumns {
    static let integerKind: Int64 = 10
    static let rawKind: Int64 = 11

    /// 10^0 … 10^9; each is exact as a `Double`.
    static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    private static let largestKind = 9
    /// Scaled decimals are below this: larger ones would take as many bytes as the double itself. All of
    /// them, and their products with a power while they stay below it, are exact as doubles.
    private static let limit = Double(1 << limitBits)
    private static let limitBits = 50
    /// Up to this kind all decimals of a batch get the same: at most ten bits for one that needs less,
    /// and no bits for kinds that differ. Beyond it each has the smallest kind that fits.
    private static let largestCommonKind: Int64 = 3
    /// A double below 2^51 plus this has its integer part in the lowest bits: a conversion that needs
    /// no check, and rounds.
    private static let rounder = 0x1.8p52

    /// Splits `values`; both columns have room for them. Returns the kind when all have the same.
    static func split(
        _ values: UnsafeBufferPointer<Value>, kinds: UnsafeMutablePointer<Int64>,
        numbers: UnsafeMutablePointer<Int64>
    ) -> Int64? {
        powers.withUnsafeBufferPointer { powers in
            // The widest common kind so far, and what it multiplies by.
            var common: Int64 = 0
            var power = 1.0
            var seen: UInt16 = 0
            for row in 0..<values.count {
                var kind = integerKind
                switch values[row] {
                case .integer(let integer): numbers[row] = integer
                case .double(let double):
                    if let number = scaled(double, power) {
                        kind = common
                        numbers[row] = number
                    } else if let decimal = decimal(double, powers) {
                        kind = decimal.kind
                        numbers[row] = decimal.number
                        if kind > common && kind <= largestCommonKind {
                            common = kind
                            power = powers[Int(kind)]
                        }
                    } else {
                        kind = rawKind
                        numbers[row] = Int64(bitPattern: double.bitPattern)
                    }
                }
                kinds[row] = kind
                seen |= 1 &<< UInt16(truncatingIfNeeded: kind)
            }
            if seen & (1 << UInt16(rawKind)) != 0 && seen & (1 << UInt16(integerKind)) == 0,
                makeRaw(values, kinds, numbers)
            {
                return rawKind
            }
            if seen & ((1 << UInt16(common)) - 1) != 0 {
                widen(values.count, kinds, numbers, to: common)
            } else if seen.nonzeroBitCount > 1 {
                return nil
            }
            let first = kinds[0]
            for row in 1..<values.count where kinds[row] != first { return nil }
            return first
        }
    }

    /// `double` times `power`, when that is an integer from which the same bits come back.
    @inline(__always)
    private static func scaled(_ double: Double, _ power: Double) -> Int64? {
        let product = double * power
        // False for NaN and the infinities, too.
        guard product.magnitude < limit else { return nil }
        let shifted = product + rounder
        // Bits, since a negative zero has to come back as one.
        guard ((shifted - rounder) / power).bitPattern == double.bitPattern else { return nil }
        return Int64(bitPattern: shifted.bitPattern &- rounder.bitPattern)
    }

    /// `double` as a decimal of the smallest kind; `nil` when it is none.
    ///
    /// A decimal of few digits is one of more digits as well, with zeros at its end. So the most digits
    /// that the limit leaves tell in one step what is none.
    private static func decimal(
        _ double: Double, _ powers: UnsafeBufferPointer<Double>
    ) -> (kind: Int64, number: Int64)? {
        // It is below 2^(exponent + 1); 77 / 256 is just less than log10(2).
        let exponent = Int(double.bitPattern >> 52 & 0x7FF) - 1023
        var kind = min(largestKind, ((limitBits - 1 - exponent) * 77) >> 8)
        guard kind >= 0, var number = scaled(double, powers[kind]) else { return nil }
        while kind > 0 && number % 10 == 0 {
            number /= 10
            kind -= 1
        }
        return (Int64(kind), number)
    }

    /// Takes the decimals among doubles that mostly are none for what the others are, since kinds that
    /// differ cost more. Returns whether it did. None of `values` is an integer.
    private static func makeRaw(
        _ values: UnsafeBufferPointer<Value>, _ kinds: UnsafeMutablePointer<Int64>,
        _ numbers: UnsafeMutablePointer<Int64>
    ) -> Bool {
        var rawCount = 0
        for row in 0..<values.count where kinds[row] == rawKind { rawCount += 1 }
        guard rawCount * 4 >= values.count * 3 else { return false }
        for row in 0..<values.count {
            kinds[row] = rawKind
            numbers[row] = Int64(bitPattern: values[row].asDouble.bitPattern)
        }
        return true
    }

    /// Makes decimals of smaller kinds those of the kind `common`, where they stay below the limit.
    private static func widen(
        _ count: Int, _ kinds: UnsafeMutablePointer<Int64>,
        _ numbers: UnsafeMutablePointer<Int64>, to common: Int64
    ) {
        for row in 0..<count {
            while kinds[row] < common && numbers[row].magnitude < UInt64(limit) / 10 {
                kinds[row] += 1
                numbers[row] *= 10
            }
        }
    }

    /// Writes the values of `kinds` and `numbers` to `values`, which has room for them.
    static func join(
        _ count: Int, kinds: UnsafePointer<Int64>, numbers: UnsafePointer<Int64>,
        into values: UnsafeMutablePointer<Value>
    ) throws(BatchDamage) {
        for row in 0..<count {
            (values + row).initialize(to: try value(kind: kinds[row], number: numbers[row]))
        }
    }

    /// The same for values of one kind.
    static func join(
        _ count: Int, kind: Int64, numbers: UnsafePointer<Int64>,
        into values: UnsafeMutablePointer<Value>
    ) throws(BatchDamage) {
        switch kind {
        case 0...Int64(largestKind):
            let power = powers[Int(kind)]
            for row in 0..<count {
                (values + row).initialize(to: .double(Double(numbers[row]) / power))
            }
        case integerKind:
            for row in 0..<count { (values + row).initialize(to: .integer(numbers[row])) }
        case rawKind:
            for row in 0..<count {
                (values + row).initialize(
                    to: .double(Double(bitPattern: UInt64(bitPattern: numbers[row]))))
            }
        default: throw .malformed
        }
    }

    @inline(__always)
    private static func value(kind: Int64, number: Int64) throws(BatchDamage) -> Value {
        switch kind {
        case 0...Int64(largestKind): .double(Double(number) / powers[Int(kind)])
        case integerKind: .integer(number)
        case rawKind: .double(Double(bitPattern: UInt64(bitPattern: number)))
        default: throw .malformed
        }
    }
}
