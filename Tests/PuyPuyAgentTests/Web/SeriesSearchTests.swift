import PuyPuyCore
import Testing

@testable import PuyPuyAgent

@Suite struct SeriesSearchTests {
    private func search(_ match: String, limit: Int = 50) throws -> SeriesSearch {
        let text = match.replacing("%", with: "%25").replacing(" ", with: "+")
        return try SeriesSearch(
            WebQuery("match=\(text)&limit=\(limit)", names: SeriesSearch.names))
    }

    @Test(arguments: [
        ("", 0), ("cpu", 0), ("CPU_L", 0), ("load", 1), ("load cpu", 1), ("cpu load", 0),
        ("cpu core=all", 2), ("web1", 2), ("c*d", 0), ("cpu_lo?d", 0), ("c* core=all", 2),
        ("c*", 0),
    ])
    func `a series is meant when every word is in it`(_ match: String, _ rank: Int) throws {
        let search = try search(match)
        #expect(search.rank(metric: "cpu_load", tags: "core=all,host=Web1") == rank)
    }

    @Test(arguments: ["mem", "cpu mem", "cpu core=0", "c*x", "load*", "cpu_load_and_more", "?"])
    func `and not when one is not`(_ match: String) throws {
        #expect(try search(match).rank(metric: "cpu_load", tags: "core=all,host=Web1") == nil)
    }

    @Test func `the best come first, in order, as many as were asked for, and all are counted`()
        throws
    {
        var findings = SeriesFindings(try search("load", limit: 4))
        for name in ["sys_load", "load_z", "memory", "load_a", "b", "cpu_load", "load_b"] {
            findings.add(metric: name, tags: name == "b" ? "check=load" : "")
        }
        #expect(findings.best.map(\.metric) == ["load_a", "load_b", "load_z", "cpu_load"])
        #expect(findings.count == 6 && findings.series == 7)
        let json = try #require(
            JSONValue(findings.json { $0.metric == "load_a" ? .integer(5) : nil }.utf8))
        #expect(json["matching"]?.integer == 6 && json["series"]?.integer == 7)
        let first = try #require(json["found"]?.array?.first)
        #expect(first["key"]?.string == "load_a{}" && first["last_value"]?.integer == 5)
        #expect(json["found"]?.array?.last?["last_value"] == .null)
    }

    @Test(arguments: [
        ("match=\(String(repeating: "x", count: 257))", "match"),
        ("match=a+b+c+d+e+f+g+h+i", "match"), ("limit=0", "limit"), ("limit=1001", "limit"),
        ("limit=x", "limit"), ("match=a&match=b", "match"), ("what=a", "what"),
    ])
    func `what cannot be looked for is refused, and named`(_ text: String, _ name: String) {
        let error = #expect(throws: WebParameterError.self) {
            try SeriesSearch(WebQuery(text, names: SeriesSearch.names))
        }
        #expect(error?.parameter == name)
    }
}
