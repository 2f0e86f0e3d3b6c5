import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// Against the real carbon-cache, read back with whisper: what was confirmed is there, bit for bit.
@Suite struct CarbonBackendTests {
    typealias Stored = CarbonServer.Stored

    static let tags: Tags = [
        "cluster": "c", "group": "g", "host": "web1.example.com", "location": "l", "type": "t",
    ]

    static func backend(
        _ url: String, interrupt: Interrupt = Interrupt(),
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) throws -> any Backend {
        var configuration = BackendConfiguration(name: "graphite", type: .carbon)
        configuration.url = url
        change(&configuration)
        return try BackendRegistry.makeBackend(
            configuration, interrupt: interrupt, version: "test")
    }

    /// `seconds` points of each of `series` series, up to now, and what has to be read back.
    static func block(
        series: Int, seconds: Int, seed: UInt64 = 1
    ) -> (PointBlock, [SeriesID: Series], [String: [Stored]]) {
        var generator = SeededGenerator(seed: seed)
        var block = PointBlock()
        var catalog: [SeriesID: Series] = [:]
        var wanted: [String: [Stored]] = [:]
        let start = wallClockNs() / 1_000_000_000 - Int64(seconds)
        for number in 0..<series {
            let id = SeriesID(number + 1)
            catalog[id] = Series(
                metric: "m\(number % 10)", tags: tags.merging(["device": "sd\(number / 10)"]))
        }
        for second in 0..<Int64(seconds) {
            for number in 0..<series {
                let value = Double.random(in: -1e9...1e9, using: &generator)
                block.append(
                    series: SeriesID(number + 1),
                    timestampNs: (start + second) * 1_000_000_000
                        + Int64.random(in: 0..<1_000_000_000, using: &generator),
                    value: .double(value))
                wanted[
                    "c.g.web1_example_com.l.t.sd\(number / 10).m\(number % 10)", default: []
                ].append(Stored(start + second, value))
            }
        }
        return (block, catalog, wanted)
    }

    /// The paths whose values differ.
    static func differences(
        _ server: CarbonServer, _ wanted: [String: [Stored]],
        within deadline: Duration = .seconds(60)
    ) throws -> [String] {
        let count = wanted.values.reduce(0) { $0 + $1.count }
        let stored = try server.points(waitingFor: count, within: deadline)
        return Set(stored.keys).union(wanted.keys).filter { stored[$0] != wanted[$0] }.sorted()
    }

    static func isTransient(_ attempt: Attempt) -> Bool {
        if case .transient = attempt.outcome { return attempt.rows == nil }
        return false
    }

    @Test func `every value of hundreds of series comes back, also when sent twice`() throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url)
        let (block, catalog, wanted) = Self.block(series: 300, seconds: 20)
        for _ in 1...2 { #expect(backend.deliver(block, catalog: catalog) == Attempt(.accepted)) }
        #expect(try Self.differences(server, wanted) == [])
    }

    @Test func `250000 points go in one request`() throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url) { $0.timeout = .seconds(120) }
        let (block, catalog, wanted) = Self.block(series: 250, seconds: 1000)
        #expect(backend.deliver(block, catalog: catalog) == Attempt(.accepted))
        #expect(try Self.differences(server, wanted, within: .seconds(120)) == [])
    }

    @Test func `the last of several points in a second stays, and -0 is -0`() throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url)
        let second = wallClockNs() / 1_000_000_000 - 5
        let (block, catalog) = LineProtocolTests.block([
            LineProtocolTests.point(at: second * 1_000_000_000, .integer(7)),
            LineProtocolTests.point(at: second * 1_000_000_000 + 999_999_999, .double(-0.0)),
        ])
        #expect(backend.deliver(block, catalog: catalog) == Attempt(.accepted))
        let stored = try server.points(waitingFor: 1)
        let values = stored["unknown.unknown.unknown.unknown.untyped.m"]
        #expect(values?.map(\.second) == [second])
        #expect(values?.first?.value.bitPattern == (-0.0).bitPattern)
    }

    @Test func `nasty names stay in the folder, and refused points spoil nothing`() throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url)
        let words = [
            "../../../escaped", "a b", "größe", "/etc/passwd", "..", "a\nb", "x;y=z", "\u{0}",
            "{*}",
            ".hidden", "C:\\x", "q\"q'", "a,b", "%2e%2e", "~root",
        ]
        let nowNs = wallClockNs()
        var points: [Point] = []
        for word in words {
            for series in [
                Series(metric: word, tags: Self.tags),
                Series(metric: "value", tags: Self.tags.merging(["key": word])),
            ] {
                points.append(Point(series: series, timestampNs: nowNs, value: .double(1)))
                points.append(Point(series: series, timestampNs: -1, value: .double(2)))
                points.append(Point(series: series, timestampNs: nowNs, value: .double(.nan)))
                points.append(Point(series: series, timestampNs: nowNs, value: .double(.infinity)))
            }
        }
        let (block, catalog) = LineProtocolTests.block(points)
        guard
            case .acceptedExcept(let rejections) = backend.deliver(block, catalog: catalog).outcome
        else {
            Issue.record("not accepted")
            return
        }
        // `a b`, `a\nb` and `a,b` share a path, and so do `..` and NUL: the first one has it.
        let refused = Set(rejections.map(\.row))
        let sent = points.indices.filter { !refused.contains($0) }
        #expect(sent.allSatisfy { $0 % 4 == 0 })
        #expect(sent.count == 2 * (words.count - 3))
        let stored = try server.points(waitingFor: sent.count)
        #expect(stored.count == sent.count)
        let prefix = "c.g.web1_example_com.l.t."
        #expect(stored.keys.allSatisfy { $0.hasPrefix(prefix) && $0.utf8.allSatisfy { $0 > 32 } })
        #expect(names(inDirectory: "\(server.path)/whisper") == [".made", "c"])
        #expect(!server.log.contains("Error"))
    }

    @Test func `tagged series arrive as Carbon stores them`() throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url) { $0.sendsCarbonTags = true }
        let points = (0..<20).map {
            Point(
                series: Series(metric: "cpu.load", tags: Self.tags.merging(["core": "a b\($0)"])),
                timestampNs: wallClockNs(), value: .double(Double($0)))
        }
        let (block, catalog) = LineProtocolTests.block(points)
        #expect(backend.deliver(block, catalog: catalog) == Attempt(.accepted))
        let stored = try server.points(waitingFor: 20)
        #expect(stored.count == 20)
        #expect(stored.keys.allSatisfy { $0.hasPrefix("_tagged.") })
        #expect(Set(stored.values.flatMap { $0.map(\.value) }) == Set((0..<20).map { Double($0) }))
        #expect(!server.log.contains("Error"))
    }

    @Test func `a stopped Carbon has confirmed nothing`() throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url) { $0.timeout = .milliseconds(500) }
        let (block, catalog, wanted) = Self.block(series: 50, seconds: 4)
        server.pause()
        // The kernel takes and acknowledges all of it: that alone is no confirmation.
        #expect(Self.isTransient(backend.deliver(block, catalog: catalog)))
        server.kill()
        try server.start()
        let again = try Self.backend(server.url)
        #expect(again.deliver(block, catalog: catalog) == Attempt(.accepted))
        #expect(try Self.differences(server, wanted) == [])
    }

    @Test(arguments: [true, false])
    func `a Carbon that is killed in mid-stream gets all of it once it is back`(
        pauses: Bool
    ) throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url)
        // More than the sockets' buffers hold, so that the request is under way for certain.
        let (block, catalog, wanted) = Self.block(series: 200, seconds: 1000)
        server.pause()
        startThread {
            _ = eventually(within: .seconds(60)) { server.unreadBytes > 100_000 }
            if !pauses {
                // On a busy machine it would have read all before anybody looks again.
                let unread = server.unreadBytes
                server.resume()
                while server.isRunning && server.unreadBytes == unread {}
            }
            server.kill()
        }
        #expect(Self.isTransient(backend.deliver(block, catalog: catalog)))
        #expect(eventually { !server.isRunning })
        guard case .unreachable = backend.deliver(block, catalog: catalog).outcome else {
            Issue.record("not unreachable")
            return
        }
        try server.start()
        #expect(backend.deliver(block, catalog: catalog) == Attempt(.accepted))
        #expect(try Self.differences(server, wanted, within: .seconds(120)) == [])
    }

    @Test func `a Carbon killed with a whole request in the kernel's hands had not read it`() throws
    {
        let server = try CarbonServer.started()
        let backend = try Self.backend(server.url)
        let (block, catalog, _) = Self.block(series: 5, seconds: 2)
        server.pause()
        startThread {
            _ = eventually(within: .seconds(60)) { server.unreadBytes > 0 }
            server.kill()
        }
        let attempt = backend.deliver(block, catalog: catalog)
        #expect(Self.isTransient(attempt), "\(attempt.outcome)")
        guard case .transient(let reason, _) = attempt.outcome else { return }
        #expect(!reason.contains("timed out"))
    }

    @Test func `the receiver of lines is told from that of pickles`() throws {
        let server = try CarbonServer.started()
        let backend = try Self.backend("tcp://127.0.0.1:\(server.linePort)")
        let (block, catalog, _) = Self.block(series: 1, seconds: 1)
        #expect(Self.isTransient(backend.deliver(block, catalog: catalog)))
    }

    @Test func `two series of one path are told apart, and both are named`() throws {
        let peer = try LoopbackPeer(.readsAll)
        let backend = try Self.backend(peer.url)
        let (block, catalog) = LineProtocolTests.block([
            LineProtocolTests.point("a b", at: 1), LineProtocolTests.point("a/b", at: 1),
        ])
        for _ in 1...2 {
            guard
                case .acceptedExcept(let refused) = backend.deliver(block, catalog: catalog).outcome
            else {
                Issue.record("not refused")
                return
            }
            #expect(refused.map(\.row) == [1])
            #expect(refused.first?.reason.contains("a b{}") == true, "\(refused)")
            #expect(refused.first?.reason.contains("a/b{}") == true)
        }
    }

    @Test func `points that cannot be sent need no Carbon`() throws {
        let backend = try Self.backend("tcp://127.0.0.1:1")
        let (block, catalog) = LineProtocolTests.block([LineProtocolTests.point(at: -1)])
        guard case .acceptedExcept = backend.deliver(block, catalog: catalog).outcome else {
            Issue.record("not refused")
            return
        }
    }

    @Test func `what can never work is refused by name`() {
        for change: (inout BackendConfiguration) -> Void in [
            { $0.url = "graphite:2004" }, { $0.proxy = "https://proxy:3128" },
            { $0.maxCreatesPerMinute = 0 },
        ] {
            let error = #expect(throws: BackendsError.self) {
                try Self.backend("tcp://localhost", change)
            }
            #expect(error?.description.hasPrefix("set up backend graphite: ") == true)
        }
    }
}
