import Glibc
import PuyPuyCore
import TestSupport
import Testing

/// Several destinations, on the real program: added, refilled, removed, forgotten.
@Suite(.timeLimit(.minutes(10)))
struct BackendsTests {
    private static let start = """
        [SelfConfig]
        check_period_seconds: 1
        cluster_name: test
        host_group: group
        location: here
        hostname: backends.example

        """

    private func influx(_ server: InfluxServer) -> String {
        "[TSDB:influx]\ntsdtype: InfluxDB\naddress: \(server.url)\ndatabase: puypuy\n"
    }

    /// Times in milliseconds, and values, by series: what every database here can hold.
    private func content(_ points: [Series: [StoredPoint]]) -> [Series: [[Double]]] {
        points.mapValues { $0.map { [Double($0.timestampNs / 1_000_000), $0.value] } }
    }

    @Test
    func `a second database of another type is filled from the history, by replay or backfill`()
        throws
    {
        let server = try InfluxServer.started()
        let puypuy = try Installation(
            configuration: Self.start + influx(server), checks: ["cpustats", "memory", "tcpconn"])
        try puypuy.start()
        #expect(eventually { (try? server.pointCount()) ?? 0 > 150 })
        #expect(puypuy.stop() == 0)
        let original = content(try server.points())

        let kairos = try KairosDBStandIn()
        try puypuy.directory.write(
            "config.ini",
            Self.start + influx(server)
                + "[TSDB:graphs]\ntsdtype: KairosDB\naddress: \(kairos.url)\n")
        let replay = try puypuy.run(["spool", "replay", "--backend", "kairos", "--since", "1h"])
        #expect(replay.code == 0, "\(replay.errors)")
        #expect(content(kairos.points()) == original)

        let openTSDB = try OpenTSDBStandIn()
        try puypuy.directory.write(
            "config.ini",
            Self.start + influx(server)
                + "[TSDB:graphs]\ntsdtype: OpenTSDB\naddress: \(openTSDB.url)\nbackfill: 24h\n")
        try puypuy.start()
        #expect(
            eventually {
                (try? puypuy.inspect().backend("graphs")).map {
                    $0.pending < 100 && $0.delivered > 150
                }
                    ?? false
            }, "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
        let books = try #require(try puypuy.inspect().backend("graphs"))
        #expect(books.pending == 0 && books.dead == 0 && books.balances, "\(puypuy.log)")
        #expect(content(openTSDB.points()) == content(try server.points()))
        #expect(try puypuy.audit())
    }

    @Test func `what is pending for a removed backend stays until it is forgotten`() throws {
        let down = "[TSDB:old]\ntsdtype: Carbon\naddress: 127.0.0.1:1\n"
        let keep = "[TSDB]\ntsdtype: Local\n"
        let puypuy = try Installation(configuration: Self.start + keep + down, checks: ["memory"])
        #expect(try puypuy.run(["once", "--send"]).code == 1)
        let pending = try #require(try puypuy.inspect().backend("old")).pending
        #expect(pending > 0)
        let configured = try puypuy.run(["backend", "forget", "old", "--yes"])
        #expect(configured.code != 0)
        #expect(configured.errors.contains("remove its section"), "\(configured.errors)")

        try puypuy.directory.write("config.ini", Self.start + keep)
        try puypuy.start()
        #expect(eventually { puypuy.log.contains("backend forget old") }, "\(puypuy.log)")
        let shown = try puypuy.run(["spool", "inspect"]).text
        #expect(shown.contains("old (removed)"), "\(shown)")
        #expect(shown.contains("puypuy backend forget old"), "\(shown)")
        #expect(try puypuy.inspect().backend("old")?.pending == pending)
        let list = try puypuy.run(["backend", "list"])
        #expect(list.text.contains("removed"), "\(list.text) \(list.errors)")

        let forgotten = try puypuy.run(["backend", "forget", "old", "--yes"])
        #expect(forgotten.code == 0, "\(forgotten.errors)")
        #expect(forgotten.text.contains("\(pending)"), "\(forgotten.text)")
        #expect(try puypuy.inspect().backend("old") == nil)
        let unknown = try puypuy.run(["backend", "forget", "old", "--yes"])
        #expect(unknown.code != 0)
        #expect(puypuy.stop() == 0)
        #expect(try puypuy.audit())
    }
}
