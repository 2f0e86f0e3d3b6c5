import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuySpool

@Suite(.timeLimit(.minutes(10)))
struct PointQueryTests {
    private static let start: Int64 = 1_763_900_000

    /// A spool of 20 batches of 60 points: 12 series, of which the half have integers, each at 5 times,
    /// 10 seconds apart.
    private func filled() async throws -> SpoolFixture {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for batch in 0..<20 {
            var points: [Point] = []
            for second in stride(from: 0, to: 50, by: 10) {
                for index in 0..<12 {
                    let tags: Tags = [
                        "core": "\(index % 4)", "host": "web\(index % 2)", "a,b": "=\\",
                    ]
                    points.append(
                        Point(
                            series: Series(metric: "m\(index / 4)", tags: tags),
                            timestampNs: (Self.start + Int64(batch * 50 + second)) * 1_000_000_000,
                            value: index % 2 == 0
                                ? .integer(Int64(batch)) : .double(Double(second) + 0.5)))
                }
            }
            await spool.append(
                Run(check: "test", startedNs: Int64(batch) * 1_000_000_000, points: points))
        }
        await spool.close()
        return fixture
    }

    private func rows(_ sql: String, _ fixture: SpoolFixture) throws -> [[QueryValue]] {
        try rows(PointQuery(sql, of: fixture.reader()))
    }

    private func rows(_ query: PointQuery) throws -> [[QueryValue]] {
        var rows: [[QueryValue]] = []
        while let row = try query.next() { rows.append(row) }
        return rows
    }

    private func refusal(_ sql: String, _ fixture: SpoolFixture) throws -> String {
        let error = try #require(throws: SpoolError.self) { _ = try rows(sql, fixture) }
        return error.description
    }

    @Test func `every column of a point is there, values in their own kind`() async throws {
        let fixture = try await filled()
        let query = try PointQuery(
            "SELECT * FROM points ORDER BY time_ns, metric, tags LIMIT 2", of: fixture.reader())
        #expect(query.columns == ["time", "time_ns", "metric", "value", "host", "tags"])
        let time = QueryValue.text("2025-11-23T12:13:20.000000000Z")
        let ns = QueryValue.integer(Self.start * 1_000_000_000)
        #expect(
            try rows(query) == [
                [
                    time, ns, .text("m0"), .integer(0), .text("web0"),
                    .text(#"a\,b=\=\\,core=0,host=web0"#),
                ],
                [
                    time, ns, .text("m0"), .real(0.5), .text("web1"),
                    .text(#"a\,b=\=\\,core=1,host=web1"#),
                ],
            ])
    }

    @Test func `sums by metric are those of the points`() async throws {
        let fixture = try await filled()
        var sums: [String: (count: Int64, sum: Double)] = [:]
        let reader = try fixture.reader()
        try reader.newestPoints(limit: .max) { block in
            for row in 0..<block.count {
                let point = block.point(row, in: reader)
                let before = sums[point.series.metric] ?? (0, 0)
                sums[point.series.metric] = (before.count + 1, before.sum + point.value.asDouble)
            }
            return true
        }
        let found = try rows(
            "SELECT metric, count(*), total(value) FROM points GROUP BY metric ORDER BY metric",
            fixture)
        #expect(sums.count == 3)
        #expect(
            found
                == sums.sorted { $0.key < $1.key }.map {
                    [.text($0.key), .integer($0.value.count), .real($0.value.sum)]
                })
    }

    @Test(arguments: [
        ("time_ns >= 1763900100000000000 AND time_ns < 1763900150000000000", 1),
        ("time_ns BETWEEN 1763900100000000000 AND 1763900149000000000", 1),
        ("time >= '2025-11-23T12:15' AND time < '2025-11-23T12:15:50'", 1),
        ("time = '2025-11-23T12:15:00.000000000Z'", 1), ("time_ns = 1763900100000000000", 1),
        ("time > '2025-11-23T12:15:49.000000000Z'", 17), ("time < '2025-11-23T12:15'", 2),
        ("time_ns > 1763900100000000000.5", 18), ("time_ns >= 1e30", 0), ("time_ns > -1e30", 20),
        ("time_ns < 1763900100e9", 2), ("time_ns <= 1763900100e9", 3), ("time > 'z'", 0),
        ("time < ''", 0),
        ("time_ns > 5 AND time_ns < 3", 0), ("time LIKE '2025%'", 20),
        ("time > '2025-11-23T12:15' COLLATE NOCASE", 20),
        ("time_ns > NULL", 20),
    ])
    func `a range of time reads only the batches that touch it, and finds the same points`(
        condition: String, batches: Int
    ) async throws {
        let fixture = try await filled()
        let query = try PointQuery(
            "SELECT count(*) FROM points WHERE \(condition)", of: fixture.reader())
        let found = try rows(query)
        #expect(query.batchesRead == batches)
        // A plus takes a column out of the reach of the table: SQLite looks at every row.
        let everything = condition.replacing("time_ns ", with: "+time_ns ")
            .replacing("time ", with: "+time ")
        let whole = try PointQuery(
            "SELECT count(*) FROM points WHERE \(everything)", of: fixture.reader())
        #expect(try rows(whole) == found)
        #expect(whole.batchesRead == 20)
    }

    @Test func `a metric is found by its bytes, and with others by IN`() async throws {
        let fixture = try await filled()
        func count(_ condition: String) throws -> [[QueryValue]] {
            try rows("SELECT count(*) FROM points WHERE \(condition)", fixture)
        }
        #expect(try count("metric = 'm1'") == [[.integer(400)]])
        #expect(try count("metric = 'M1'") == [[.integer(0)]])
        #expect(try count("metric = 'M1' COLLATE NOCASE") == [[.integer(400)]])
        #expect(try count("metric = 'm1' AND metric = 'm2'") == [[.integer(0)]])
        #expect(try count("metric = 1") == [[.integer(0)]])
        let query = try PointQuery(
            "SELECT count(*) FROM points WHERE metric IN ('m1', 'm2')", of: fixture.reader())
        #expect(try rows(query) == [[.integer(800)]])
        #expect(query.batchesRead == 20)
    }

    @Test func `points that several conditions find are found once`() async throws {
        let fixture = try await filled()
        let sql = "SELECT count(*) FROM points WHERE time_ns = 1763900100000000000 OR metric = 'm1'"
        #expect(try rows(sql, fixture) == [[.integer(408)]])
        #expect(
            try rows("SELECT count(DISTINCT rowid) FROM points", fixture) == [[.integer(1_200)]])
    }

    @Test func `tag gives the value of one tag, series lists the series`() async throws {
        let fixture = try await filled()
        #expect(
            try rows(
                "SELECT DISTINCT tag(tags, 'a,b'), tag(tags, 'core'), tag(tags, 'no')"
                    + " FROM points WHERE tag(tags, 'core') = '3'", fixture)
                == [[.text("=\\"), .text("3"), .null]])
        #expect(try rows("SELECT tag(NULL, 'a'), tag('=', 'a')", fixture) == [[.null, .null]])
        #expect(
            try rows(
                "SELECT metric, count(*), min(host), min(tag(tags, 'core')) FROM series GROUP BY 1",
                fixture)
                == ["m0", "m1", "m2"].map { [.text($0), .integer(4), .text("web0"), .text("0")] })
    }

    @Test func `a point is joined with its neighbour`() async throws {
        let fixture = try await filled()
        let found = try rows(
            """
            SELECT count(*), max(b.value - a.value) FROM points a JOIN points b
                ON b.time_ns = a.time_ns + 10000000000 AND b.metric = a.metric AND b.tags = a.tags
            WHERE a.time < '2025-11-23T12:13:50' AND a.metric = 'm1'
            """, fixture)
        #expect(found == [[.integer(12), .real(10)]])
    }

    @Test(arguments: [
        "DELETE FROM points", "INSERT INTO points (metric) VALUES ('x')",
        "UPDATE points SET value = 1", "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)",
        "DROP TABLE points", "PRAGMA journal_mode = DELETE", "PRAGMA hard_heap_limit = 0",
        "ATTACH '/tmp/x.db' AS x", "VACUUM", "VACUUM INTO '/tmp/puypuy-vacuum.db'", "BEGIN",
        "SELECT * FROM pragma_database_list", "SELECT load_extension('/tmp/x.so')", "ANALYZE",
        "REINDEX", "CREATE VIRTUAL TABLE t USING fts5(a)",
        "WITH x AS (SELECT 1) DELETE FROM points",
    ])
    func `what does more than read is refused`(sql: String) async throws {
        let fixture = try SpoolFixture()
        await (try await fixture.open()).close()
        #expect(try refusal(sql, fixture).contains("only reads"), "\(sql)")
    }

    @Test(arguments: [
        ("SELECT * FROM batch", "no such table: batch; there are points and series"),
        (
            "SELECT mtric FROM points",
            "no such column: mtric (character 8); points has time, time_ns, metric"
        ),
        ("SELECT metric FORM points", "syntax error"), ("", "there is no statement"),
        ("-- nothing", "there is no statement"), ("SELECT 1; SELECT 2", "several statements"),
        ("SELECT 1; DROP TABLE points", "several statements"),
        ("SELECT 1; nonsense", "several statements"), ("SELECT 'a\0b'", "a byte 0"),
        ("SELECT no_such(1)", "no such function"),
        ("SELECT \(String(repeating: "(", count: 300))1", "parser stack overflow"),
    ])
    func `what is wrong with a query is said in words`(sql: String, words: String) async throws {
        let fixture = try SpoolFixture()
        await (try await fixture.open()).close()
        let refusal = try refusal(sql, fixture)
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test func `a comment behind the statement is none`() async throws {
        let fixture = try SpoolFixture()
        await (try await fixture.open()).close()
        #expect(try rows("SELECT count(*) FROM points; -- all\n", fixture) == [[.integer(0)]])
        #expect(try rows("SELECT * FROM points", fixture).isEmpty)
        #expect(try !rows("EXPLAIN QUERY PLAN SELECT * FROM points", fixture).isEmpty)
    }

    @Test(arguments: [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "SELECT count(*) FROM points a, points b, points c",
        """
        SELECT count(*) FROM points a, points c
        WHERE (SELECT count(*) FROM points b WHERE b.metric = a.tags || c.time) > 0
        """,
    ])
    func `a query without an end is cut when its time is over`(sql: String) async throws {
        let fixture = try await filled()
        let query = try PointQuery(sql, of: fixture.reader(), timeout: .milliseconds(300))
        let error = try #require(throws: SpoolError.self) { _ = try rows(query) }
        #expect(error.description.contains("longer than its time"))
    }

    @Test(arguments: [
        "SELECT length(zeroblob(1000000000))",
        "SELECT group_concat(printf('%1000d', time_ns)) FROM points",
        "SELECT replace(printf('%.*c', 900000, 'x'), 'x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy')",
    ])
    func `a value that is too large is refused`(sql: String) async throws {
        let refusal = try refusal(sql, try await filled())
        #expect(refusal.contains("larger than 1 MB"), "\(refusal)")
    }

    @Test func `the time of a query passes while it works, and not while its rows are read`()
        throws
    {
        let time = QueryTime(.milliseconds(50))
        #expect(eventually { time.isOver })
        #expect(try time.whileRunning { () throws(SpoolError) in !time.isOver })
        try time.whileRunning { () throws(SpoolError) in
            while !time.isOver {}
        }
        #expect(try time.whileRunning { () throws(SpoolError) in time.isOver })
    }

    @Test func `what is committed after the start is left out`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 5))
        let query = try PointQuery("SELECT metric FROM points", of: fixture.reader())
        #expect(try query.next() != nil)
        await spool.append(run(points: 7, at: 1))
        #expect(try rows(query).count == 4)
        #expect(try rows("SELECT metric FROM points", fixture).count == 12)
    }

    @Test func `a query that stands still keeps nobody from moving the write-ahead log`()
        async throws
    {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 50_000))
        let query = try PointQuery("SELECT metric FROM points", of: fixture.reader())
        #expect(try query.next() != nil)
        // A checkpoint to the end waits for readers, five seconds and then gives up.
        await spool.append(run(points: 10, at: 1))
        await spool.close()
        #expect(try fixture.reader().sizes.logBytes == 0)
        #expect(try rows(query).count == 49_999)
    }

    @Test func `damaged batches are left out and counted once`() async throws {
        let fixture = try await filled()
        try Connection(path: fixture.path, access: .write)
            .execute("UPDATE batch SET payload = zeroblob(100) WHERE id = 3")
        let query = try PointQuery(
            "SELECT (SELECT count(*) FROM points), (SELECT count(*) FROM points)",
            of: fixture.reader())
        #expect(try rows(query) == [[.integer(1_140), .integer(1_140)]])
        #expect(query.damagedBatches == 1)
    }
}
