import Foundation
import PuyPuyCore
import TestSupport
import Testing

struct TimeTextTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_763_900_000_250_000_000, "2025-11-23T12:13:20.250000000Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
        (Int64.max, "2262-04-11T23:47:16.854775807Z"),
        (Int64.min, "1677-09-21T00:12:43.145224192Z"),
    ])
    func `a time is written in UTC to the nanosecond`(ns: Int64, text: String) {
        #expect(TimeText.text(ns: ns) == text)
    }

    @Test func `every day has the date that the system gives it`() {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0)!
        for day in stride(from: Int64(-100_000), to: 100_000, by: 7) {
            let date = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86_400))
            let text = TimeText.text(ns: day * 86_400_000_000_000)
            #expect(
                text.prefix(10).split(separator: "-").map { Int($0) }
                    == [date.year, date.month, date.day])
        }
    }

    @Test func `any text stands for the first time that is not before it`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let ns = Int64.random(in: .min...(.max), using: &generator)
            let text = String(
                TimeText.text(ns: ns).prefix(Int.random(in: 0...30, using: &generator)))
            let first = TimeText.firstNs(notBefore: text)!
            #expect(TimeText.text(ns: first) >= text)
            #expect(first == .min || TimeText.text(ns: first - 1) < text)
            #expect(first <= ns)
        }
        #expect(TimeText.firstNs(notBefore: "2025-11-23T12:13:20.25") == 1_763_900_000_250_000_000)
        #expect(
            TimeText.firstNs(after: "2025-11-23T12:13:20.250000000Z") == 1_763_900_000_250_000_001)
        #expect(TimeText.firstNs(notBefore: "") == .min)
        #expect(TimeText.firstNs(notBefore: "yesterday") == nil)
    }
}
