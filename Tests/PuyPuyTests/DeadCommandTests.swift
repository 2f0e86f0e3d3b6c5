import PuyPuyCore
import TestSupport
import Testing

/// `spool dead list`, `retry` and `discard` on the real program and a real InfluxDB that refuses
/// points because their field has another type there.
@Suite(.timeLimit(.minutes(10)))
struct DeadCommandTests {
    private func installation(_ server: InfluxServer) throws -> Installation {
        // A field has one type in a shard: that of today.
        try server.write("mem_total value=\"words\"\nmem_cached value=\"words\"")
        return try Installation(
            configuration: """
                [SelfConfig]
                hostname: command.example
                check_period_seconds: 1
                [TSDB]
                tsdtype: Local
                [TSDB:influx]
                tsdtype: InfluxDB
                address: \(server.url)
                database: puypuy
                """, checks: ["memory"])
    }

    /// Removes the cause: the measurements with the other type.
    private func repair(_ server: InfluxServer) throws {
        for metric in ["mem_total", "mem_cached"] {
            try server.statement("DROP MEASUREMENT \"\(metric)\"", database: "puypuy")
        }
    }

    private func letters(_ puypuy: Installation, _ more: [String] = []) throws -> [JSONValue] {
        let output = try puypuy.run(["spool", "dead", "list", "--json"] + more)
        #expect(output.code == 0, "\(output.errors)")
        return try #require(JSONValue(output.text.utf8)?.array)
    }

    @Test func `with the daemon running, dead letters are retried at once and delivered`() throws {
        let server = try InfluxServer.started()
        let puypuy = try installation(server)
        try puypuy.start()
        #expect(
            eventually {
                (try? puypuy.inspect().backend("influx")?.dead ?? 0) ?? 0 > 1
            }, "\(puypuy.log)")
        let list = try puypuy.run(["spool", "dead", "list"])
        #expect(list.code == 0 && list.text.contains("influx"), "\(list.errors)")
        let letter = try #require(
            try letters(puypuy, ["--metric", "mem_t*", "--limit", "1"]).first)
        #expect(letter["backend"]?.string == "influx")
        #expect(letter["reason"]?.string?.contains("field type conflict") == true)
        #expect(letter["point"]?["metric"]?.string == "mem_total")

        try repair(server)
        let retried = try puypuy.run(["spool", "dead", "retry", "--backend", "influx"])
        #expect(retried.code == 0, "\(retried.errors)")
        #expect(retried.text.contains("pending again"), "\(retried.text)")
        #expect(
            eventually {
                // Points that were on their way when the cause went may have died since.
                _ = try? puypuy.run(["spool", "dead", "retry"])
                let books = try? puypuy.inspect().backend("influx")
                return books?.dead == 0
            }, "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
        #expect(try puypuy.audit())
        let books = try #require(try puypuy.inspect().backend("influx"))
        #expect(books.dead == 0 && books.expired == 0)
        #expect(books.delivered + books.pending == books.collected)
        let sent = try server.points(of: "mem_total").values.reduce(0) { $0 + $1.count }
        let taken = Set(
            try puypuy.collected().filter { $0.key.metric == "mem_total" }
                .flatMap { $0.value.map(\.timestampNs) })
        #expect(sent == taken.count)
    }

    @Test func `without a daemon, retried letters wait in the spool and are sent by the next one`()
        throws
    {
        let server = try InfluxServer.started()
        let puypuy = try installation(server)
        _ = try puypuy.run(["once", "--send"])
        #expect(try puypuy.inspect().backend("influx")?.dead == 2)
        let none = try puypuy.run(["spool", "dead", "retry", "--metric", "cpu_*"])
        #expect(none.code == 0 && none.text == "there are no such dead letters\n")
        try repair(server)
        let retried = try puypuy.run(["spool", "dead", "retry", "--metric", "mem_total"])
        #expect(retried.code == 0, "\(retried.errors)")
        #expect(retried.text == "influx: 1 point is pending again\n")
        var books = try #require(try puypuy.inspect().backend("influx"))
        #expect(books.pending == 1 && books.dead == 1)
        #expect(try puypuy.audit())
        #expect(try puypuy.run(["once", "--send"]).code == 0)
        books = try #require(try puypuy.inspect().backend("influx"))
        #expect(books.pending == 0 && books.dead == 1)
        #expect(books.delivered == books.collected - 1)
        #expect(try server.points(of: "mem_total").values.reduce(0) { $0 + $1.count } == 2)
        #expect(try puypuy.audit())
        #expect(try puypuy.run(["spool", "verify"]).code == 0)
    }

    @Test func `discarded letters are gone and stay in the books, with --yes alone`() throws {
        let server = try InfluxServer.started()
        let puypuy = try installation(server)
        _ = try puypuy.run(["once", "--send"])
        let unsure = try puypuy.run(["spool", "dead", "discard"])
        #expect(unsure.code == 2 && unsure.errors.contains("--yes"), "\(unsure.errors)")
        #expect(try letters(puypuy).count == 2)
        let unknown = try puypuy.run(["spool", "dead", "discard", "--backend", "nobody", "--yes"])
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains("it knows default, influx"), "\(unknown.errors)")
        let discarded = try puypuy.run(["spool", "dead", "discard", "--yes"])
        #expect(discarded.text == "influx: 2 dead letters are discarded\n", "\(discarded.errors)")
        #expect(try letters(puypuy).isEmpty)
        #expect(try puypuy.inspect().backend("influx")?.dead == 2)
        #expect(try puypuy.audit())
        let list = try puypuy.run(["spool", "dead", "list"])
        #expect(list.code == 0 && list.text == "there are no such dead letters\n")
    }

    @Test func `where there is no spool there is nothing to settle, and none is made`() throws {
        let puypuy = try Installation(configuration: "[TSDB]\ntsdtype: Local\n")
        for arguments in [["list"], ["retry"], ["discard", "--yes"]] {
            let output = try puypuy.run(["spool", "dead"] + arguments)
            #expect(output.code == 1 && output.errors.contains("there is no spool"))
        }
        #expect(throws: (any Error).self) { try puypuy.inspect() }
    }
}
