import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// What every backend has to do: each point is delivered exactly once in effect, or it is a dead
/// letter with a reason, and the books balance.
@Suite(.serialized) struct ConformanceTests {
    /// `count` points over at most 500 series, a second apart, each with a value of its own.
    static func ordinary(_ count: Int, metric: String = "ordinary") -> [Point] {
        let series = (0..<min(500, max(1, count / 10))).map {
            Series(
                metric: metric,
                tags: [
                    "host": "web1.example.org", "type": "test", "cluster": "c", "group": "g",
                    "location": "l", "core": "\($0)",
                ])
        }
        return (0..<count).map { index in
            Point(
                series: series[index % series.count],
                timestampNs: recentNs + Int64(index / series.count) * 1_000_000_000,
                value: .double(Double(index) + 0.5))
        }
    }

    /// Sends `points` to a server of `destination`, and checks what became of each.
    @discardableResult
    static func deliver(
        _ points: [Point], to destination: Destination, within deadline: Duration = .seconds(120),
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) async throws -> [DeadLetter] {
        let server = try destination.start()
        let fixture = try await SenderFixture()
        await fixture.append(points, batchesOf: 10_000)
        let running = await fixture.start(
            destination.configuration(server, port: server.port, change))
        #expect(
            await fixture.drains(within: deadline), "\(running.reason ?? "no reason")")
        return try check(points, fixture, server, destination)
    }

    /// Every point is stored once or dead with a reason; the books say the same. `times` is how often
    /// the points were collected.
    @discardableResult
    static func check(
        _ points: [Point], times: Int = 1, _ fixture: SenderFixture,
        _ server: any DestinationServer, _ destination: Destination
    ) throws -> [DeadLetter] {
        let books = try fixture.books()
        let letters = try fixture.deadLetters()
        #expect(books.collected == Int64(points.count * times))
        #expect(books.pending == 0 && books.expired == 0)
        #expect(books.dead == Int64(letters.count))
        #expect(letters.allSatisfy { !$0.reason.isEmpty })
        let dead = Set(letters.map { Fact($0.point) })
        let delivered = points.filter { !dead.contains(Fact($0)) }
        if times == 1 { #expect(books.delivered == Int64(delivered.count)) }
        let stored = try server.stored(count: delivered.count)
        let expected = destination.facts(delivered)
        let found = Destination.facts(stored)
        let missing = expected.filter { found[$0.key] != $0.value }
        let invented = found.filter { expected[$0.key] == nil }
        #expect(missing.isEmpty, "\(missing.count) missing, such as \(missing.first!)")
        #expect(invented.isEmpty, "\(invented.count) invented, such as \(invented.first!)")
        #expect(
            Set(stored.map(\.series)).count == Set(delivered.map(\.series)).count,
            "series were merged or split")
        return letters
    }

    @Test(arguments: Destination.all, [1, 10_000, 250_000])
    func `ordinary points arrive, each once`(_ destination: Destination, _ count: Int) async throws
    {
        let letters = try await Self.deliver(Self.ordinary(count), to: destination)
        #expect(letters.isEmpty, "\(letters.first!.reason)")
    }

    /// Names and tags that protocols have trouble with. Each has a value of its own.
    static let odd: [Point] = {
        let words = [
            "with space", " leading", "trailing ", "comma,comma", "equals=equals", "quote\"quote",
            "apostrophe's", "back\\slash", "ends in backslash\\", "back\\ slash space",
            "back\\,comma", "new\nline", "tab\tstop", "return\rreturn", "nul\u{0}nul",
            "control\u{1}\u{1f}", "delete\u{7f}", "smörgås", "数据", "😀", "e\u{301}", "é", "a/b",
            "../../etc/passwd", "..", ".", "a.b", "a-b", "a_b", "a:b", "a;b", "~tilde", "#hash",
            "!bang", "^caret", "%41", "a%b", "{brace}", "[bracket]", "time", "_field", "0digit",
            "__name__", "", String(repeating: "x", count: 255), String(repeating: "y", count: 300),
            String(repeating: "z", count: 70_000), "\u{feff}mark", "line\u{2028}separator",
        ]
        var points: [Point] = []
        func add(_ series: Series) {
            points.append(
                Point(
                    series: series, timestampNs: recentNs,
                    value: .double(Double(points.count) + 0.25)))
        }
        let base: [(key: String, value: String)] = [("host", "h"), ("type", "t")]
        for word in words {
            add(Series(metric: word, tags: Tags(base)))
            add(
                Series(
                    metric: "tag_value",
                    tags: Tags(base + [(key: "odd", value: word)])))
            add(
                Series(
                    metric: "tag_key",
                    tags: Tags(base + [(key: word, value: "odd")])))
        }
        // As many tags as some servers take, more, and none.
        for count in [6, 7, 30] {
            add(
                Series(
                    metric: "tags", tags: Tags((0..<count).map { (key: "tag\($0)", value: "v") })))
        }
        add(Series(metric: "no_tags", tags: .none))
        return points.filter { !$0.series.metric.isEmpty }
    }()

    @Test(arguments: Destination.all)
    func `odd names and tags arrive or are refused with a reason, and never become another's`(
        _ destination: Destination
    ) async throws {
        let letters = try await Self.deliver(Self.odd, to: destination)
        #expect(letters.count < Self.odd.count / 2, "\(letters.map(\.reason))")
    }

    @Test(arguments: Destination.all)
    func `values arrive bit for bit`(_ destination: Destination) async throws {
        var values: [Value] = [
            .integer(0), .integer(1), .integer(-1), .integer(.max), .integer(.min),
            .integer(9_007_199_254_740_993),
        ]
        let doubles: [Double] = [
            0, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude,
            0.1, 1 / 3, -1e-7, 1e20, 1e21, 123_456_789.123_456_79, 9_007_199_254_740_992,
        ]
        values += doubles.map { .double($0) }
        if destination.keepsBits { values.append(.double(-0.0)) }
        let points = values.enumerated().map { index, value in
            Point(
                series: Series(metric: "value", tags: ["host": "h", "number": "\(index)"]),
                timestampNs: recentNs, value: value)
        }
        guard destination.keepsBits else {
            // Of decimal numbers it keeps fifteen digits.
            let exact = points.filter { [0, 1, -1, 0.1].contains($0.value.asDouble) }
            try await Self.deliver(exact, to: destination)
            return
        }
        let letters = try await Self.deliver(points, to: destination)
        #expect(letters.isEmpty, "\(letters.map { ($0.point.value, $0.reason) })")
    }

    @Test(arguments: Destination.all.filter(\.refusesTimes))
    func `times at both ends arrive or are refused with a reason`(
        _ destination: Destination
    ) async throws {
        let times: [Int64] = [
            .min, .min + 1, .min + 2, -1, 0, 1, 999_999_999, 1_000_000_000,
            4_294_967_295_000_000_000,
            4_294_967_296_000_000_000, .max - 2, .max - 1, .max, recentNs, recentNs + 123_456_789,
        ]
        // Rounded down to the destination's unit, the earliest would not be nanoseconds any more.
        let earliest = destination.resolutionNs == 1 ? Int64.min : .min + destination.resolutionNs
        let points = times.enumerated().map { index, time in
            Point(
                series: Series(metric: "time_\(index)", tags: ["host": "h"]),
                timestampNs: max(time, earliest + Int64(index)),
                value: .double(Double(index) + 0.125))
        }
        let letters = try await Self.deliver(points, to: destination)
        #expect(letters.allSatisfy { $0.point.timestampNs != recentNs })
    }

    static let faults: [FaultProxy.Fault] = [
        .refuses, .hangs, .resets(afterBytes: 100), .resets(afterBytes: 20_000), .garbage,
        .losesAnswers,
    ]

    @Test(arguments: Destination.all, faults)
    func `while the server fails nothing counts as delivered, and afterwards all arrives once`(
        _ destination: Destination, _ fault: FaultProxy.Fault
    ) async throws {
        let server = try destination.start()
        let proxy = try FaultProxy(to: server.port)
        try proxy.set(fault)
        let fixture = try await SenderFixture()
        let points = Self.ordinary(3_000)
        await fixture.append(points, batchesOf: 1_000)
        let running = await fixture.start(
            destination.configuration(server, port: proxy.port) { $0.timeout = .seconds(2) })
        #expect(await soon { running.reason?.isEmpty == false })
        let books = try fixture.books()
        #expect(books == Ledger(collected: 3_000, pending: 3_000))
        try proxy.set(.none)
        // What does not speak the protocol at all is held for a minute, unless somebody asks.
        running.sender.retryNow()
        #expect(await fixture.drains(within: .seconds(60)), "\(running.reason ?? "no reason")")
        let letters = try Self.check(points, fixture, server, destination)
        #expect(letters.isEmpty, "\(letters.first!.reason)")
    }

    @Test(
        arguments: Destination.all.filter(\.isHTTP),
        ["200 OK", "400 Bad Request", "404 Not Found", "500 Oops", "302 Found"])
    func `an answer that confirms nothing is not taken for a confirmation`(
        _ destination: Destination, _ status: String
    ) async throws {
        // A remote write is confirmed by any 2xx.
        if destination.type == .prometheusRemoteWrite && status.hasPrefix("2") { return }
        let server = try destination.start()
        let proxy = try FaultProxy(to: server.port)
        let body = "{\"errors\":[\"out of order\"],\"failed\":1}"
        try proxy.set(
            .answers(
                "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
                    + body))
        let fixture = try await SenderFixture()
        let points = Self.ordinary(20)
        await fixture.append(points)
        let running = await fixture.start(destination.configuration(server, port: proxy.port))
        #expect(await soon { running.status.requests >= 1 })
        #expect(try fixture.books().delivered == 0)
        try proxy.set(.none)
        running.sender.retryNow()
        #expect(await fixture.drains(), "\(running.reason ?? "no reason")")
        try Self.check(points, fixture, server, destination)
    }

    @Test(arguments: Destination.all.filter(\.isHTTP))
    func `wrong credentials hold everything, and the right ones let it go`(
        _ destination: Destination
    ) async throws {
        let server = try destination.start()
        let proxy = try FaultProxy(to: server.port)
        // user:right
        try proxy.set(.demands(header: "Authorization: Basic dXNlcjpyaWdodA=="))
        let fixture = try await SenderFixture()
        let points = Self.ordinary(1_000)
        await fixture.append(points)
        func configuration(_ password: String) -> BackendConfiguration {
            destination.configuration(server, port: proxy.port) {
                $0.credentials = .basic(user: "user", password: password)
            }
        }
        let wrong = await fixture.start(configuration("wrong-password"))
        #expect(
            await soon {
                if case .holding = wrong.status.condition { return true }
                return false
            }, "\(wrong.status.condition)")
        #expect(wrong.reason?.contains("401") == true)
        #expect(wrong.reason?.contains("wrong-password") == false)
        #expect(try fixture.books() == Ledger(collected: 1_000, pending: 1_000))
        await wrong.stop()
        let right = await fixture.start(configuration("right"))
        #expect(await fixture.drains(), "\(right.reason ?? "no reason")")
        let letters = try Self.check(points, fixture, server, destination)
        #expect(letters.isEmpty)
    }

    @Test(arguments: Destination.all)
    func `the same points sent twice are there once`(_ destination: Destination) async throws {
        let server = try destination.start()
        let fixture = try await SenderFixture()
        let points = Self.ordinary(2_000)
        await fixture.append(points, batchesOf: 500)
        let running = await fixture.start(destination.configuration(server, port: server.port))
        #expect(await fixture.drains(), "\(running.reason ?? "no reason")")
        await fixture.append(points, batchesOf: 700)
        #expect(await fixture.drains(), "\(running.reason ?? "no reason")")
        let letters = try fixture.deadLetters()
        if destination.takesRepeats {
            #expect(letters.isEmpty, "\(letters.first!.reason)")
        }
        let stored = Destination.facts(try server.stored(count: points.count))
        #expect(stored == destination.facts(points))
        #expect(try fixture.books().collected == 4_000)
    }

    @Test(
        arguments: Destination.all.filter(\.refusesPoints),
        [[0], [1_500], [2_999], [0, 1, 2, 700, 701, 1_400, 2_100, 2_500, 2_998, 2_999]])
    func `poison points cost themselves`(
        _ destination: Destination, _ positions: [Int]
    ) async throws {
        let server = try destination.start()
        let fixture = try await SenderFixture()
        var points = Self.ordinary(3_000)
        for (number, position) in positions.enumerated() {
            points[position] = server.poison(number)
        }
        await fixture.append(points)
        let running = await fixture.start(destination.configuration(server, port: server.port))
        #expect(await fixture.drains(), "\(running.reason ?? "no reason")")
        let letters = try Self.check(points, fixture, server, destination)
        #expect(Set(letters.map { Fact($0.point) }) == facts(positions.map { points[$0] }))
    }
}
