import Glibc
import PuyPuyCore
import TestSupport
import Testing

/// The main promise, on the real program and a real InfluxDB.
@Suite(.timeLimit(.minutes(10)))
struct OutageTests {
    /// Prints a counter that grows by 1,000 a second, whoever reads it: milliseconds since boot.
    private static let truth = """
        #!/bin/sh
        read -r up _ </proc/uptime
        echo "truth_ms ${up%.*}${up#*.}0 test rate"
        echo "truth_up $up test gauge"
        """

    private func configuration(_ server: InfluxServer, _ more: String = "") -> String {
        """
        [SelfConfig]
        check_period_seconds: 1
        cluster_name: test
        host_group: group
        location: here
        hostname: outage.example

        [TSDB:influx]
        tsdtype: InfluxDB
        address: \(server.url)
        database: puypuy
        \(more)
        """
    }

    @Test func `an outage of a minute and three kills lose nothing, double nothing, bend no rate`()
        async throws
    {
        let server = try InfluxServer.started()
        let puypuy = try Installation(
            configuration: configuration(server, "max_points_per_second: 400"),
            checks: ["cpustats", "memory", "load_average", "network_bytes", "tcpconn", "puypuy"],
            scripts: ["check_truth.sh": Self.truth])
        try puypuy.start()
        #expect(eventually { (try? server.pointCount()) ?? 0 > 100 }, "\(puypuy.log)")

        server.stop()
        let outage = ContinuousClock.now
        for _ in 0..<3 {
            try await Task.sleep(for: .seconds(Double.random(in: 8...18)))
            puypuy.kill()
            try puypuy.start()
        }
        try await Task.sleep(until: outage + .seconds(60))
        #expect(puypuy.isRunning, "\(puypuy.log)")

        let returnNs = wallClockNs()
        try server.start()
        var pendingThen = 0
        let isFresh = try eventually {
            let newest =
                try server.points(of: "truth_up").values.joined()
                .map(\.timestampNs).max() ?? 0
            return newest >= returnNs
        }
        pendingThen = try puypuy.inspect().backend("influx")?.pending ?? 0
        #expect(isFresh, "no fresh point while the backlog drains: \(puypuy.log)")
        #expect(pendingThen > 500, "the backlog was gone already: \(pendingThen) pending")

        #expect(
            eventually(within: .seconds(60)) {
                (try? puypuy.inspect().backend("influx")?.pending) ?? 1_000 < 300
            })
        #expect(puypuy.stop() == 0)
        #expect(try puypuy.audit())
        let inspection = try puypuy.inspect()
        let books = try #require(inspection.backend("influx"))
        #expect(books.pending == 0, "\(puypuy.log)")
        #expect(books.dead == 0 && books.expired == 0)
        #expect(books.collected == books.delivered)

        let stored = try server.points()
        let collected = try puypuy.collected()
        #expect(collected.values.reduce(0) { $0 + $1.count } == books.collected)
        #expect(Set(stored.keys) == Set(collected.keys))
        for (series, points) in collected {
            let isSame = stored[series].map { pairs($0) == pairs(points) }
            #expect(isSame == true, "\(series) differs")
        }

        // The counter grows by 1,000 a second. The script is started a little after the clock is
        // read, differently late each time: that evens out over the whole time.
        let rates = try #require(stored.first { $0.key.metric == "truth_ms" }?.value)
        let values = rates.map(\.value)
        #expect(values.allSatisfy { $0 > 300 && $0 < 1_700 }, "\(values.min()!) … \(values.max()!)")
        let ups = try #require(stored.first { $0.key.metric == "truth_up" }?.value)
        var counted = 0.0
        for (previous, rate) in zip(ups, rates) {
            counted += rate.value * Double(rate.timestampNs - previous.timestampNs) / 1e9
        }
        let grown = (ups[ups.count - 1].value - ups[0].value) * 1_000
        #expect(abs(counted / grown - 1) < 0.03, "\(counted) counted of \(grown)")
        let script = try #require(inspection.check("truth"))
        #expect(script.failures == 0)
        #expect(rates.count == script.runs - 1, "every run but the first gives a rate")
    }

    /// Times and values: a database that keeps floats says nothing of integers.
    private func pairs(_ points: [StoredPoint]) -> [[Double]] {
        points.map { [Double($0.timestampNs), $0.value] }
    }

    @Test func `a replay after DROP DATABASE brings back the same points, and twice more nothing`()
        throws
    {
        let server = try InfluxServer.started()
        let puypuy = try Installation(
            configuration: configuration(server), checks: ["cpustats", "memory", "tcpconn"])
        try puypuy.start()
        #expect(eventually { (try? server.pointCount()) ?? 0 > 150 })
        #expect(puypuy.stop() == 0)
        let before = try server.points()
        #expect(try puypuy.inspect().backend("influx")?.pending == 0)

        try server.statement("DROP DATABASE \"puypuy\"")
        let held = try puypuy.run(["spool", "replay", "--backend", "influx", "--since", "1h"])
        #expect(held.code == 1)
        #expect(held.errors.contains("CREATE DATABASE"), "\(held.errors)")

        try server.createDatabase("puypuy")
        let dry = try puypuy.run(
            ["spool", "replay", "--backend", "INFLUX", "--since", "1h", "--dry-run"])
        let count = before.values.reduce(0) { $0 + $1.count }
        #expect(dry.text.contains("\(count) points"), "\(dry.text)")
        #expect(try server.pointCount() == 0)

        for _ in 0..<3 {
            let output = try puypuy.run(["spool", "replay", "--backend", "influx", "--since", "1h"])
            #expect(output.code == 0, "\(output.errors)")
            #expect(output.text.contains("\(count) points delivered"))
            let isSame = try server.points() == before
            #expect(isSame)
        }
        #expect(try puypuy.audit())
    }

    @Test func `a replay of one metric sends no other`() throws {
        let server = try InfluxServer.started()
        let puypuy = try Installation(
            configuration: configuration(server), checks: ["memory", "load_average"])
        let once = try puypuy.run(["once", "--send"])
        #expect(once.code == 0, "\(once.errors)")
        let before = try server.points().filter { $0.key.metric.hasPrefix("sys_load_") }
        #expect(before.count == 3)
        try server.statement("DROP DATABASE \"puypuy\"")
        try server.createDatabase("puypuy")
        let output = try puypuy.run([
            "spool", "replay", "--backend", "influx", "--since", "5m", "--metric", "sys_load_*",
        ])
        #expect(output.code == 0, "\(output.errors)")
        let isSame = try server.points() == before
        #expect(isSame)
    }

    @Test func `one backend down the whole time makes the other no later than a period`() throws {
        let server = try InfluxServer.started()
        let puypuy = try Installation(
            configuration: configuration(
                server,
                """
                [TSDB:down]
                tsdtype: InfluxDB
                address: http://127.0.0.1:1
                database: puypuy
                """),
            checks: ["memory"], scripts: ["check_truth.sh": Self.truth])
        try puypuy.start()
        #expect(
            eventually { (try? server.points(of: "truth_up").count) == 1 }, "\(puypuy.log)")
        var latestLag: Int64 = 0
        let end = ContinuousClock.now + .seconds(15)
        while ContinuousClock.now < end {
            let newest =
                try server.points(of: "truth_up").values.joined()
                .map(\.timestampNs).max() ?? 0
            latestLag = max(latestLag, wallClockNs() - newest)
            usleep(100_000)
        }
        // A point is at most a period old when the next one is due; half a second for its jitter,
        // its run and its way.
        #expect(latestLag < 2_500_000_000, "\(latestLag / 1_000_000) ms behind")
        #expect(puypuy.stop() == 0)
        let inspection = try puypuy.inspect()
        #expect(inspection.backend("influx")?.pending == 0)
        let down = try #require(inspection.backend("down"))
        #expect(down.pending == down.collected && down.collected > 0)
        #expect(try puypuy.audit())
    }
}
