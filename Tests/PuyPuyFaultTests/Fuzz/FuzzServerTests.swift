import Foundation
import TestSupport
import Testing

/// Hostile requests over real sockets to the real program.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct FuzzServerTests {
    static let targetNames = ["web server", "control socket"]

    private static let requests = [
        "GET /metrics HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n", "HEAD /readyz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/v1/status HTTP/1.1\r\nHost: a\r\nApikey: k\r\n\r\n",
        "GET /%6detrics?x=%00 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\n\r\n",
        "POST /api/v1/backends/influx/retry HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST /nag HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n{\"users\": \"\"}",
        "POST /api/v1/dead/retry HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n"
            + "{\"backend\": \"influx\"}",
        "POST /api/v1/dead/discard HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\n{\"bac\r\n0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
    private static let words = [
        "Content-Length: 18446744073709551616\r\n", "Content-Length: 9223372036854775807\r\n",
        "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFF\r\n", "\r\n",
        "\n",
        "Expect: 100-continue\r\n", "Connection: close\r\n", "Upgrade: websocket\r\n", "%00",
        "%2e%2e/",
        "/../..", "HTTP/1.1", "HTTP/9.9", "X: " + String(repeating: "a", count: 20_000) + "\r\n",
        String(repeating: "A: b\r\n", count: 200), String(repeating: "x", count: 70_000), "?", "#",
        " ",
    ]

    private static func daemon(port: UInt16) throws -> Installation {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 0.5
                hostname: fuzz.example
                [TSDB:influx]
                tsdtype: InfluxDB
                address: http://127.0.0.1:1
                database: puypuy
                [WebServer]
                webserver: yes
                webaddress: 127.0.0.1:\(port)
                """, checks: ["memory"])
        if let release = Installation.releaseProgram { puypuy.program = release }
        try puypuy.start()
        guard eventually(within: .seconds(60), { (try? isHealthy(.port(port))) == true }) else {
            throw TestSupportError("it does not answer: \(puypuy.log.suffix(2_000))")
        }
        return puypuy
    }

    private static func isHealthy(_ place: HostileConnection.Place) throws -> Bool {
        let connection = try HostileConnection(place)
        connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
        return connection.receiveAll()?.starts(with: "HTTP/1.1 200".utf8) == true
    }

    private static func points(of puypuy: Installation) throws -> Int {
        try puypuy.inspect().check("memory")?.points ?? 0
    }

    @Test(arguments: targetNames)
    func `hostile requests leave the daemon as it was`(target: String) throws {
        let port = try LoopbackClient.freePort()
        let puypuy = try Self.daemon(port: port)
        let place: HostileConnection.Place =
            target == "web server" ? .port(port) : .socket(puypuy.path + "/var/control.sock")
        let spool = puypuy.path + "/var/spool.db"
        #expect(try Self.isHealthy(place), "\(puypuy.log.suffix(2_000))")
        let before = Vitals.now(pid: puypuy.daemonPid, spool: spool)
        let cases = FaultScale.pick(short: 1_000, full: 10_000)
        // Connections that are left alone in the middle of a request.
        var idle: [LoopbackClient] = []
        var failures = 0
        var slowestNs: UInt64 = 0
        for number in 0..<cases where failures < 5 {
            var mutator = Mutator(
                corpus: Self.requests.map { Array($0.utf8) },
                words: Self.words.map { Array($0.utf8) },
                seed: Fuzzing.seed(of: target, case: number))
            let input = mutator.next()
            let start = DispatchTime.now().uptimeNanoseconds
            let wrong = try Self.fault(of: input, at: place, isSlow: number % 100 == 0)
            slowestNs = max(slowestNs, DispatchTime.now().uptimeNanoseconds - start)
            if number % 50 == 0, idle.count < 20, case .port(let port) = place {
                let client = try LoopbackClient(port: port)
                client.send("POST /nag HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
                idle.append(client)
            }
            guard let wrong = wrong ?? (puypuy.isRunning ? nil : "the daemon has ended") else {
                continue
            }
            Issue.record("\(target): \(wrong)\n\(Fuzzing.replay(target, number, input))")
            failures += 1
            if !puypuy.isRunning { break }
        }
        idle.removeAll()
        #expect(puypuy.isRunning, "\(puypuy.log.suffix(2_000))")
        #expect(try Self.isHealthy(place))
        #expect(try Self.isHealthy(.port(port)))
        // Connections of requests that were cut are closed in their time.
        #expect(
            eventually(within: .seconds(60)) {
                usleep(200_000)
                return Vitals.now(pid: puypuy.daemonPid, spool: spool).descriptors
                    <= before.descriptors + 4
            }, "descriptors are left open")
        let after = Vitals.now(pid: puypuy.daemonPid, spool: spool)
        #expect(
            after.anonymousBytes < before.anonymousBytes + (32 << 20),
            "\(before.anonymousBytes) and then \(after.anonymousBytes) bytes")
        let collected = try Self.points(of: puypuy)
        #expect(
            eventually { (try? Self.points(of: puypuy)) ?? 0 > collected })
        #expect(puypuy.stop() == 0, "\(puypuy.log.suffix(2_000))")
        FuzzTally.shared.add(target, cases: cases, slowestNs: slowestNs)
    }

    /// Sends one input, all at once or in pieces, and looks at the answer.
    private static func fault(
        of input: [UInt8], at place: HostileConnection.Place, isSlow: Bool
    ) throws -> String? {
        let connection = try HostileConnection(place)
        if isSlow {
            for start in stride(from: 0, to: min(input.count, 600), by: 20) {
                connection.send(input[start..<min(input.count, start + 20)])
                usleep(1_000)
            }
        } else {
            connection.send(input)
        }
        connection.endSending()
        guard let answer = connection.receiveAll() else { return "it does not end the connection" }
        if answer.isEmpty { return nil }
        guard answer.starts(with: "HTTP/1.1 ".utf8),
            let status = Int(String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self))
        else { return "it answers \(String(decoding: answer.prefix(100), as: UTF8.self))" }
        // A daemon whose destination is away is not ready, and says so.
        if !(200..<500).contains(status) && status != 503 && status != 505 && status != 501 {
            return "it answers with \(status)"
        }
        return answer.count > 4 << 20 ? "\(answer.count) bytes of answer" : nil
    }
}
