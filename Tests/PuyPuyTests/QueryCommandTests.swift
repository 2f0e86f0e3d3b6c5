import Foundation
import PuyPuyCore
import TestSupport
import Testing

/// `spool query` on the real program.
@Suite(.timeLimit(.minutes(10)))
struct QueryCommandTests {
    private func collected() throws -> Installation {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                hostname: query.example
                [TSDB]
                tsdtype: Local
                """, checks: ["memory", "load_average"])
        #expect(try puypuy.run(["once", "--send"]).code == 0)
        return puypuy
    }

    private func query(
        _ sql: String, _ puypuy: Installation, _ more: [String] = []
    ) throws -> Installation.Output {
        try puypuy.run(["spool", "query"] + more + ["--", sql])
    }

    /// Rows that SQLite makes by itself, as many as are asked for.
    private static let numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

    @Test func `counts by metric are those that inspect shows`() throws {
        let puypuy = try collected()
        #expect(try puypuy.run(["once", "--send"]).code == 0)
        let output = try query(
            "SELECT metric, count(*) FROM points GROUP BY metric ORDER BY metric", puypuy)
        #expect(output.code == 0 && output.errors.isEmpty, "\(output.errors)")
        let metrics = try puypuy.inspect().metrics
        #expect(!metrics.isEmpty)
        #expect(
            output.text
                == "metric,count(*)\r\n"
                + metrics.map { "\($0.name),\($0.points)\r\n" }.joined())
    }

    @Test func `rows are CSV in a pipe, JSON and a table when asked for`() throws {
        let puypuy = try collected()
        let sql = "SELECT 1 AS a, 'x,\"y' AS b, NULL AS c, 0.5 AS d, x'0aff' AS e"
        #expect(try query(sql, puypuy).text == "a,b,c,d,e\r\n1,\"x,\"\"y\",,0.5,0aff\r\n")
        #expect(
            try query(sql, puypuy, ["--format", "json"]).text
                == #"{"a":1,"b":"x,\"y","c":null,"d":0.5,"e":"0aff"}"# + "\n")
        let table = try query(
            "SELECT metric, host, 7 AS n FROM series WHERE metric = 'mem_total'", puypuy,
            ["--format", "table"])
        #expect(table.text == "metric     host           n\nmem_total  query.example  7\n")
        let twice = try query("SELECT 1 AS a, 2 AS a", puypuy, ["--format", "json"])
        #expect(twice.code == 2 && twice.errors.contains("two columns are called a"))
    }

    @Test func `rows beyond the limit are cut, and that is said`() throws {
        let puypuy = try collected()
        let sql = Self.numbers + "SELECT i FROM n"
        let output = try query(sql, puypuy, ["--max-rows", "2"])
        #expect(output.code == 0 && output.text == "i\r\n1\r\n2\r\n")
        #expect(output.errors.contains("the first 2 rows"))
        let exact = try query("VALUES (1), (2)", puypuy, ["--max-rows", "2"])
        #expect(exact.code == 0 && exact.errors.isEmpty, "\(exact.errors)")
        let byDefault = try query(sql, puypuy)
        #expect(byDefault.text.split(whereSeparator: \.isNewline).count == 10_001)
        #expect(byDefault.errors.contains("the first 10,000 rows"))
        let none = try query("SELECT 1 WHERE 0", puypuy)
        #expect(none.code == 0 && none.errors == "no rows\n")
    }

    @Test func `a query without an end is cut when its time is over, with exit code 1`() throws {
        let output = try query(
            Self.numbers + "SELECT max(i) FROM n", try collected(), ["--timeout", "0.5"])
        #expect(output.code == 1)
        #expect(output.errors.contains("longer than its time"), "\(output.errors)")
    }

    @Test func `a single step of SQLite that takes long is cut as well`() throws {
        // Without a bound on the processor's time: some ten seconds in one call of printf.
        let output = try query(
            "SELECT printf('%.*c', 2000000000, 'x')", try collected(), ["--timeout", "0.5"])
        #expect(output.code == 1)
        #expect(output.errors.contains("longer than its time"), "\(output.errors)")
    }

    @Test(arguments: [
        "SELECT i FROM n ORDER BY printf('%0900d', i)",
        "SELECT count(*) FROM (SELECT DISTINCT printf('%0900d', i) FROM n)",
        "SELECT count(*) FROM n GROUP BY printf('%0900d', i)",
    ])
    func `a sort that is too large ends at 64 MB, and that is said`(sql: String) throws {
        let output = try query(Self.numbers + sql, try collected(), ["--timeout", "100"])
        #expect(output.code == 1)
        #expect(output.errors.contains("more memory than it may have"), "\(output.errors)")
    }

    @Test(arguments: [
        ("DROP TABLE points", "spool query only reads"), ("SELECT FROM points", "syntax error"),
        ("SELECT value FROM point", "there are points and series"),
        ("SELECT val FROM points", "(character 8); points has time, time_ns, metric, value, host"),
        ("SELECT 1; SELECT 2", "several statements"), ("", "there is no statement"),
    ])
    func `what cannot be run is exit code 2, and changes nothing`(
        sql: String, words: String
    ) throws {
        let puypuy = try collected()
        let output = try query(sql, puypuy)
        #expect(output.code == 2 && output.text.isEmpty)
        #expect(output.errors.contains(words), "\(output.errors)")
        #expect(try puypuy.run(["spool", "verify"]).code == 0)
    }

    @Test func `where there is no spool that is said, and one without points has none`() throws {
        let puypuy = try Installation(configuration: "[TSDB]\ntsdtype: Local\n")
        let output = try query("SELECT * FROM points", puypuy)
        #expect(output.code == 1 && output.errors.contains("there is no spool"))
        #expect(try puypuy.run(["once", "--send"]).code == 0)
        let empty = try query("SELECT * FROM points", puypuy)
        #expect(empty.code == 0 && empty.errors == "no rows\n", "\(empty.errors)")
    }

    @Test func `the queries of the documentation run`() throws {
        let puypuy = try collected()
        let text = readText(Installation.project + "/docs/QUERY.md")
        let queries = text.components(separatedBy: "```sql\n").dropFirst()
            .compactMap { $0.components(separatedBy: "```").first }
        #expect(queries.count >= 6)
        for sql in queries {
            let output = try query(sql, puypuy)
            #expect(output.code == 0, "\(sql)\(output.errors)")
            if !sql.contains("seconds > 30") && !sql.contains("cpu_load") {
                #expect(output.errors.isEmpty, "\(sql)\(output.errors)")
            }
        }
    }
}
