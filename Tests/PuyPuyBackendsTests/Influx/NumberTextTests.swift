import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct NumberTextTests {
    static func text(_ write: (UnsafeMutablePointer<UInt8>) -> Int) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberText.maxBytes) { bytes in
            let count = write(bytes.baseAddress!)
            #expect(count <= NumberText.maxBytes)
            return String(decoding: bytes[..<count], as: UTF8.self)
        }
    }

    @Test(arguments: [
        (0, "0"), (5, "5"), (-5, "-5"), (9, "9"), (10, "10"), (99, "99"), (100, "100"),
        (1_700_000_000_000_000_000, "1700000000000000000"),
        (999_999_999_999_999_999, "999999999999999999"),
        (1_000_000_000_000_000_000, "1000000000000000000"),
        (Int64.max, "9223372036854775807"), (Int64.min, "-9223372036854775808"),
    ]) func `integers are written digit by digit`(integer: Int64, text: String) {
        #expect(Self.text { NumberText.write(integer, to: $0) } == text)
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "-0.0"), (5.0, "5"), (-3.0, "-3"), (0.5, "0.5"), (0.1, "0.1"),
        (1e-7, "1e-07"), (9_007_199_254_740_992, "9007199254740992"), (1e20, "1e+20"),
        (Double.leastNonzeroMagnitude, "5e-324"),
        (-2.2250738585072014e-308, "-2.2250738585072014e-308"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (0.30000000000000004, "0.30000000000000004"), (12.34, "12.34"), (-0.05, "-0.05"),
        (100.001, "100.001"), (0.000100001, "0.000100001"), (0.0001, "0.0001"), (-99.9, "-99.9"),
        (123_456_789_012.345, "123456789012.345"), (1.000000001, "1.000000001"),
    ]) func `doubles are written as the shortest text that reads back`(
        double: Double, text: String
    ) {
        #expect(Self.text { NumberText.write(double, to: $0) } == text)
    }

    /// The standard library's text is the shortest; only whole numbers have another form here.
    @Test func `decimals are written as the standard library writes them`() {
        var generator = SeededGenerator(seed: 2)
        for round in 0..<60_000 {
            let largest: Int64 = 999_999_999_999_999
            let digits = Int64.random(in: -largest...largest, using: &generator)
            let number = Double(digits >> Int64(round % 50))
            let power = [1, 1e1, 1e2, 1e3, 1e4, 1e6, 1e8, 1e9, 1e10, 1e12][round % 10]
            let double = number / power
            guard double != double.rounded() else { continue }
            #expect(Self.text { NumberText.write(double, to: $0) } == "\(double)")
            let next = double.nextUp
            guard next != next.rounded() else { continue }
            #expect(Self.text { NumberText.write(next, to: $0) } == "\(next)")
        }
    }

    @Test func `any double reads back bit for bit`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let double = Double(bitPattern: generator.next())
            guard double.isFinite else { continue }
            let text = Self.text { NumberText.write(double, to: $0) }
            #expect(Double(text)?.bitPattern == double.bitPattern)
        }
        for whole in -1000...1000 {
            let double = Double(whole) / 8
            let text = Self.text { NumberText.write(double, to: $0) }
            #expect(Double(text)?.bitPattern == double.bitPattern)
        }
    }
}
