import Glibc
import PuyPuyCore
import TestSupport
import Testing

/// The web server and the control socket of the real program.
@Suite(.timeLimit(.minutes(10)))
struct WebTests {
    /// An installation whose web server listens on a port of its own.
    private func installation(
        _ web: String = "", port: UInt16? = nil, more: String = "[TSDB]\ntsdtype: Local\n"
    ) throws -> (puypuy: Installation, port: UInt16) {
        let port = try port ?? LoopbackClient.freePort()
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 1
                cluster_name: test "1"
                hostname: web.example
                shutdown_seconds: 4
                \(more)
                [WebServer]
                webserver: yes
                webaddress: 127.0.0.1:\(port)
                \(web)
                """, checks: ["memory", "cpustats", "disks", "network_bytes", "load_average"])
        try puypuy.start()
        return (puypuy, port)
    }

    private func get(
        _ path: String, _ port: UInt16, headers: [String] = []
    ) -> (status: Int, text: String, body: [UInt8]) {
        guard let answer = try? LoopbackRequest("GET", path, port: port, headers: headers) else {
            return (0, "", [])
        }
        return (answer.status, String(decoding: answer.body, as: UTF8.self), answer.body)
    }

    private func waitForMetrics(_ port: UInt16, headers: [String] = []) -> Bool {
        eventually {
            get("/metrics", port, headers: headers).text.contains("cpu_load{")
        }
    }

    @Test func `the metrics of this host are what promtool takes, plain or compressed`() throws {
        let (puypuy, port) = try installation()
        #expect(waitForMetrics(port), "\(puypuy.log)")
        let plain = get("/metrics", port)
        #expect(plain.text.contains("cluster=\"test \\\"1\\\"\"") && plain.text.hasSuffix("\n"))
        let packed = get("/metrics", port, headers: ["Accept-Encoding: gzip"])
        let unpacked = gunzipped(packed.body)
        #expect(packed.body.count < unpacked.count)
        for (name, text) in [("plain", plain.body), ("packed", unpacked)] {
            try puypuy.directory.write("\(name).txt", String(decoding: text, as: UTF8.self))
            let check = try ChildProcess(
                "/bin/sh",
                ["-c", "promtool check metrics <\(puypuy.path)/\(name).txt"],
                log: puypuy.path + "/promtool.log")
            #expect(check.waitForEnd(within: .seconds(60)))
            let words = readText(puypuy.path + "/promtool.log")
            // 3 stands for advice about names; what is wrong is 1.
            #expect(check.exitCode == 0 || check.exitCode == 3, "\(words)")
            #expect(!words.contains("error while linting"), "\(words)")
        }
        #expect(puypuy.stop() == 0)
    }

    @Test func `a spool that cannot commit shows in the metrics`() throws {
        let (puypuy, port) = try installation(
            more: "spool_min_free_mb: 16777216\n[TSDB]\ntsdtype: Local\n")
        #expect(eventually { get("/healthz", port).status == 200 }, "\(puypuy.log)")
        #expect(try puypuy.run(["check", "enable", "puypuy"]).code == 0)
        func value(_ metric: String) -> Double? {
            let lines = get("/metrics", port).text.split(separator: "\n")
            let line = lines.first { $0.hasPrefix(metric + "{") }
            return line?.split(separator: " ").last.flatMap { Double($0) }
        }
        #expect(eventually { (value("puypuy_buffered_points") ?? 0) > 0 }, "\(puypuy.log)")
        #expect(value("puypuy_spool_committing") == 0)
        #expect(get("/readyz", port).status == 503)

        let file = try puypuy.directory.read("config.ini")
        try puypuy.directory.write("config.ini", file.replacing("16777216", with: "1"))
        #expect(try puypuy.run(["reload"]).code == 0)
        #expect(eventually { value("puypuy_spool_committing") == 1 }, "\(puypuy.log)")
        #expect(value("puypuy_buffered_points") == 0)
        #expect(puypuy.stop() == 0)
        #expect(try puypuy.audit())
    }

    @Test func `state and health are told to who asks, and changes only through the socket`()
        throws
    {
        let (puypuy, port) = try installation()
        #expect(waitForMetrics(port), "\(puypuy.log)")
        #expect(get("/healthz", port).text == "ok\n")
        #expect(get("/readyz", port).text == "ready\n")
        let status = try #require(JSONValue(get("/api/v1/status", port).body))
        #expect(status["host"]?.string == "web.example")
        #expect(status["pid"]?.integer == Int64(puypuy.daemonPid))
        let backends = try #require(JSONValue(get("/api/v1/backends", port).body))
        #expect(backends["backends"]?.array?.first?["state"]?.string == "local")
        #expect(get("/", port).text.contains("<title>PuyPuy</title>"))
        #expect(get("/index.html", port).status == 404)
        #expect(try LoopbackRequest("POST", "/metrics", port: port).status == 405)
        let forget = try LoopbackRequest("POST", "/api/v1/backends/x/forget", port: port)
        #expect(forget.status == 403)
        #expect(puypuy.stop() == 0)
    }

    @Test func `series are found, and their points are those of the spool, in buckets`() throws {
        let (puypuy, port) = try installation()
        #expect(waitForMetrics(port), "\(puypuy.log)")
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 300 })
        let found = try #require(JSONValue(get("/api/v1/series?match=mem_total", port).body))
        #expect(found["matching"]?.integer == 1)
        let key = try #require(found["found"]?.array?.first?["key"]?.string)
        let to = Double(wallClockNs() / 1_000_000_000)
        let query = "series=\(LoopbackRequest.percentEncoded(key))&from=\(to - 60)&to=\(to)&step=2"
        let answer = try #require(JSONValue(get("/api/v1/points?\(query)", port).body))
        #expect(puypuy.stop() == 0)
        let stored = try #require(
            try puypuy.collected().first { $0.key.description == key }?.value
        ).filter { Double($0.timestampNs) / 1e9 <= to }
        #expect(answer["next"] == .null && answer["missing"]?.array == [])
        let from = try #require(answer["from_ns"]?.integer)
        let buckets = try #require(answer["series"]?.array?.first?["buckets"]?.array)
        #expect(!stored.isEmpty && !buckets.isEmpty)
        let expected = Dictionary(grouping: stored) { ($0.timestampNs - from) / 2_000_000_000 }
        #expect(buckets.count == expected.count)
        for bucket in buckets.compactMap(\.array) {
            let number = try #require(bucket[0].integer)
            let points = try #require(expected[number])
            #expect(bucket[1].integer == Int64(points.count))
            #expect(bucket[2].double == points.map(\.value).min())
            #expect(bucket[3].double == points.map(\.value).max())
        }
    }

    @Test func `without the key nothing but health is told`() throws {
        let (puypuy, port) = try installation("apikey: geheim")
        #expect(waitForMetrics(port, headers: ["Apikey: geheim"]), "\(puypuy.log)")
        #expect(get("/metrics", port, headers: ["Authorization: Bearer geheim"]).status == 200)
        #expect(get("/metrics", port).status == 401)
        #expect(get("/api/v1/backends", port, headers: ["Apikey: falsch"]).status == 401)
        #expect(get("/healthz", port).status == 200)
        #expect(try puypuy.run(["backend", "list"]).code == 0)
        #expect(!puypuy.log.contains("geheim"))
    }

    @Test func `a plugin is run for who has the key, with its own arguments and no shell`() throws {
        let (puypuy, port) = try installation(
            "apikey: geheim",
            more: "[TSDB]\ntsdtype: Local\n[Nagios]\nsays: /bin/echo all is well\n")
        #expect(eventually { get("/healthz", port).status == 200 }, "\(puypuy.log)")
        func nag(_ body: String, headers: [String] = ["Apikey: geheim"]) throws -> LoopbackRequest {
            try LoopbackRequest(
                "POST", "/nag", port: port, headers: headers, body: Array(body.utf8))
        }
        let answer = try nag(#"{"says": ""}"#)
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self) == #"{"OK":"all is well"}"# + "\n")
        let other = try nag(#"{"says": "$(id) ; id"}"#)
        #expect(String(decoding: other.body, as: UTF8.self) == #"{"OK":"$(id) ; id"}"# + "\n")
        #expect(try nag(#"{"says": ""}"#, headers: []).status == 401)
        #expect(puypuy.stop() == 0)
    }

    @Test func `an address that is not allowed gets nothing`() throws {
        let (puypuy, port) = try installation("allowedip: 10.0.0.0/8, fd00::/8")
        #expect(eventually { get("/metrics", port).status != 0 })
        let answer = get("/metrics", port)
        #expect(answer.status == 403 && answer.text.contains("127.0.0.1"), "\(puypuy.log)")
        #expect(get("/healthz", port).status == 403)
    }

    @Test func `a port in use stops nothing, and is taken when it is free`() throws {
        var other: LoopbackListener? = try LoopbackListener()
        let port = try #require(other).port
        let (puypuy, _) = try installation(port: port)
        #expect(eventually { puypuy.log.contains("cannot listen") })
        #expect(puypuy.log.contains("address already in use"), "\(puypuy.log)")
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 })
        other = nil
        #expect(waitForMetrics(port), "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
    }

    @Test func `clients that stall or talk nonsense are dropped, and others answered meanwhile`()
        throws
    {
        let (puypuy, port) = try installation()
        #expect(waitForMetrics(port), "\(puypuy.log)")
        let halfHead = try LoopbackClient(port: port)
        halfHead.send("GET /metrics HTTP/1.1\r\nHost: ")
        let silent = try LoopbackClient(port: port)
        let halfBody = try LoopbackClient(port: port)
        halfBody.send("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx")
        #expect(get("/metrics", port).status == 200)

        let nonsense = try LoopbackClient(port: port)
        nonsense.send("\u{16}\u{3}\u{1} hello\r\n\r\n")
        #expect(nonsense.receiveAll().hasPrefix("HTTP/1.1 400"))
        let long = try LoopbackClient(port: port)
        let value = String(repeating: "x", count: 40_000)
        long.send("GET /metrics HTTP/1.1\r\nHost: a\r\nCookie: \(value)\r\n\r\n")
        #expect(long.receiveAll().hasPrefix("HTTP/1.1 431"))
        let large = try LoopbackClient(port: port)
        large.send(
            "POST /api/v1/backends/x/retry HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        large.send(String(repeating: "x", count: 1_000_000))
        #expect(large.isEnded)

        for client in [halfHead, silent, halfBody] { #expect(client.isEnded) }
        #expect(get("/metrics", port).status == 200)
        #expect(puypuy.stop() == 0)
    }

    @Test func `two hundred clients at the same time get the whole text`() async throws {
        let (puypuy, port) = try installation()
        #expect(waitForMetrics(port), "\(puypuy.log)")
        let whole = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        startThread {
                            let answer = try? LoopbackRequest("GET", "/metrics", port: port)
                            let text = String(decoding: answer?.body ?? [], as: UTF8.self)
                            continuation.resume(
                                returning: text.contains("mem_total{") && text.hasSuffix("\n"))
                        }
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(whole == 200, "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
    }

    @Test func `SIGTERM ends in time while clients hold connections`() throws {
        let (puypuy, port) = try installation()
        #expect(waitForMetrics(port), "\(puypuy.log)")
        let clients = try (0..<5).map { _ in try LoopbackClient(port: port) }
        clients[0].send("GET /metrics HTTP/1.1\r\nHost: ")
        clients[1].send("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx")
        for client in clients[2...] {
            client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.receive(until: "mem_total{").contains("mem_total{"))
        }
        #expect(puypuy.stop() == 0, "\(puypuy.log)")
        for client in clients { #expect(client.isEnded) }
        #expect(access(puypuy.path + "/var/control.sock", F_OK) != 0)
        #expect(try puypuy.audit())
    }

    @Test func `the control socket is for its owner, and one of a killed daemon is replaced`()
        throws
    {
        let (puypuy, port) = try installation()
        let path = puypuy.path + "/var/control.sock"
        #expect(waitForMetrics(port), "\(puypuy.log)")
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600 && status.st_mode & S_IFMT == S_IFSOCK)
        puypuy.kill()
        #expect(access(path, F_OK) == 0)
        let without = try puypuy.run(["backend", "list"])
        #expect(without.text.contains("no daemon listens"), "\(without.text)")
        try puypuy.start()
        #expect(
            eventually {
                (try? puypuy.run(["backend", "list", "--json"]).text.contains("\"daemon\":true"))
                    ?? false
            }, "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
    }
}
