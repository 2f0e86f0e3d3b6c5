import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

/// The rates of modules are computed in Python: both sides have to mean the same.
@Suite(.timeLimit(.minutes(10)))
struct PythonRatesTests {
    @Test func `readings in any order give the same rates as the daemon's, bit by bit`()
        async throws
    {
        var random = SeededGenerator(seed: 4)
        var table = RateTable()
        var lines = ""
        var expected: [String: Value] = [:]
        var resets: Int64 = 0
        for number in 0..<3000 {
            let kind = Bool.random(using: &random) ? "rate" : "delta"
            let key = "key\(Int.random(in: 0..<20, using: &random))"
            let value = reading(&random)
            let moment = Moment(
                wallNs: Int64.random(in: 0..<4_000_000_000, using: &random),
                bootNs: Int64.random(in: 0..<4_000_000_000, using: &random),
                bootID: Bool.random(using: &random) ? "one" : "two")
            lines += "\(kind) \(key) \(value) \(moment.wallNs) \(moment.bootNs) \(moment.bootID)\n"
            let verdict =
                kind == "rate"
                ? table.rate(key, value, at: moment)
                : table.delta(key, value, at: moment)
            switch verdict {
            case .result(let result): expected["result\(number)"] = .double(result)
            case .reset: resets += 1
            case .first, .noElapsedTime: break
            }
        }
        let directory = try TemporaryDirectory()
        let path = try directory.write("readings", lines)
        let bench = try ModuleBench(
            options: [.init(section: "check_semantics", key: "readings", text: path)])
        let run = try await bench.run(fixture: "semantics")
        #expect(run.end == .succeeded)
        expected["resets"] = .integer(resets)
        #expect(expected.count > 500)
        let computed = run.points.filter { $0.series.tags["check"] == nil }
        #expect(computed.count == expected.count)
        for point in computed {
            #expect(point.value == expected[point.series.metric], "\(point.series.metric)")
        }
    }

    /// Integers near both ends, counters that grow, and floats.
    private func reading(_ random: inout SeededGenerator) -> Value {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .integer(Int64.random(in: .min ... .max, using: &random))
        case 1: .integer(Int64.max - Int64.random(in: 0..<1000, using: &random))
        case 2: .double(Double.random(in: -1e18...1e18, using: &random))
        case 3: .double(Double.random(in: 0...1, using: &random))
        default: .integer(Int64.random(in: 0..<1_000_000, using: &random))
        }
    }

    @Test func `a first reading gives no point, also when the module calculates with it`()
        async throws
    {
        let bench = try ModuleBench()
        let first = try await bench.run(fixture: "class")
        #expect(first.end == .succeeded)
        let names = Set(first.points.map(\.series.metric))
        #expect(names.isDisjoint(with: ["class_rate", "class_delta", "class_last", "class_half"]))
        #expect(first.refusals.isEmpty)
        #expect(first.rateChanges.map(\.key).allSatisfy { $0.hasPrefix("class/") })
        let second = try await bench.run(fixture: "class")
        #expect(second.points.value("class_delta") == .double(100))
        #expect(second.points.value("class_half") == .double(50))
        #expect(second.points.value("class_last") == .integer(1))
        #expect(try #require(second.points.value("class_rate")).asDouble > 0)
    }

    @Test func `a first reading that a module rounds is no zero either`() async throws {
        let text = """
            import lib.record_rate
            def runcheck():
                rate = lib.record_rate.ValueRate().record_value_rate('n', 5, 0)
                assert rate == 0.0 and str(rate) == '0.0' and not rate
                return [{'name': name, 'timestamp': 0, 'value': value} for name, value in (
                    ('round', round(rate, 2)), ('format', float('{:.2f}'.format(rate))),
                    ('percent', 100 - rate), ('sum', sum([rate, 1])), ('quotient', 1 / rate))]
            """
        let run = try await ModuleBench().run("rounds", text)
        #expect(run.end == .succeeded)
        #expect(run.points.allSatisfy { $0.series.metric.hasPrefix("puypuy_") })
        #expect(run.refusals == [Refusal(metric: "format", reason: .notFinite)])
    }

    @Test func `a rate is the change over the time that really passed`() async throws {
        let bench = try ModuleBench()
        // A clock as the counter: it counts 1e9 in a second.
        let text = """
            import time
            import lib.record_rate
            rate = lib.record_rate.ValueRate()
            def runcheck():
                clock = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
                # The time that a module tells is of no account.
                value = rate.record_value_rate('clock', clock, 0)
                return [{'name': 'speed', 'timestamp': 0, 'value': value}]
            """
        _ = try await bench.run("clock", text)
        await bench.host.stop()
        let run = try await bench.run("clock", text)
        let speed = try #require(run.points.value("speed")).asDouble
        #expect(speed > 0.9e9 && speed < 1.1e9)
        #expect(await bench.host.starts == 2)
    }

    @Test func `a counter that goes down gives no point and is counted`() async throws {
        let bench = try ModuleBench()
        let text = { (value: String) in
            """
            import lib.record_rate
            def runcheck():
                value = lib.record_rate.ValueRate().record_value_delta('n', \(value))
                return [{'name': 'n', 'timestamp': 0, 'value': value}]
            """
        }
        for value in ["100", "'160'", "40"] {
            let run = try await bench.run("n", text(value))
            #expect(run.points.value("n") == (value == "'160'" ? .double(60) : nil))
            #expect(run.counterResets == (value == "40" ? 1 : 0))
        }
        #expect(bench.states["n/delta n"]?.value == .integer(40))
        let run = try await bench.run("n", text("None"))
        #expect(run.refusals == [Refusal(metric: "n", reason: .unreadable)])
        #expect(bench.states["n/delta n"]?.value == .integer(40))
    }
}
