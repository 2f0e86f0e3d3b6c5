import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct CarbonPathTests {
    static let base: Tags = [
        "cluster": "c1", "group": "web", "host": "web1.example.com", "location": "eu",
        "type": "system",
    ]

    static func path(_ metric: String, _ tags: Tags = .none, tagged: Bool = false) -> String? {
        let series = Series(metric: metric, tags: base.merging(tags))
        return (try? CarbonPath.bytes(of: series, tagged: tagged)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func `the path is the one that dashboards have`() {
        #expect(Self.path("cpu_load") == "c1.web.web1_example_com.eu.system.cpu_load")
        #expect(
            Self.path("drive_reads", ["device": "sda", "array": "md0"])
                == "c1.web.web1_example_com.eu.system.md0.sda.drive_reads")
        #expect(Self.path("redis.hits") == "c1.web.web1_example_com.eu.system.redis.hits")
    }

    @Test func `what is missing has a placeholder`() throws {
        let path = try CarbonPath.bytes(of: Series(metric: "m"), tagged: false)
        #expect(
            String(decoding: path, as: UTF8.self) == "unknown.unknown.unknown.unknown.untyped.m")
    }

    @Test(arguments: [
        ("a b", "a_b"), ("größe", "gr__e"), ("/var/lib", "_var_lib"), ("..", "_"), (".", "_"),
        ("../../etc", "_._etc"), ("a..b", "a.b"), (".a.", "a"), ("a/../b", "a_._b"),
        ("a\u{0}\n\u{7f}b", "a___b"), ("a;b=c", "a_b=c"), ("{a,b}*[c]?", "_a_b___c__"), ("/", "_"),
        ("100%", "100%"), ("C:\\", "C:_"), ("😀", "_"), ("a-b+c@d#e~f", "a-b+c@d#e~f"),
    ]) func `no part brings a file out of its folder`(word: String, part: String) {
        #expect(String(decoding: CarbonPath.sanitised(word), as: UTF8.self) == part)
        #expect(Self.path("m", ["x": word])?.hasSuffix("system.\(part).m") == true)
        #expect(Self.path(word)?.hasSuffix("system.\(part)") == true)
    }

    @Test func `tags stay tags in the tagged form, in Carbon's order`() {
        let tail =
            ";cluster=c1;group=web;host=web1.example.com;location=eu;type=system"
        #expect(Self.path("cpu_load", tagged: true) == "cpu_load" + tail)
        #expect(Self.path("m", ["a-b": "1", "a": "2"], tagged: true) == "m;a-b=1;a=2" + tail)
        #expect(
            Self.path("~m", ["a;!^=b": "~x;y", "name": "n"], tagged: true)
                == "_m;_name=n;a____b=_x_y" + tail)
    }

    @Test func `two tags that Carbon takes for one are refused`() {
        let series = Series(metric: "m", tags: ["a b": "1", "a/b": "2"])
        let refusal = #expect(throws: CarbonPath.Refusal.self) {
            try CarbonPath.bytes(of: series, tagged: true)
        }
        #expect(refusal?.reason == "two of its tags are a_b to Carbon")
    }

    @Test func `parts are as long as a file name may be`() {
        #expect(Self.path(String(repeating: "m", count: 250)) != nil)
        #expect(Self.path(String(repeating: "m", count: 251)) == nil)
        #expect(Self.path("m", ["x": String(repeating: "v", count: 254)]) != nil)
        #expect(Self.path("m", ["x": String(repeating: "v", count: 255)]) == nil)
        #expect(Self.path(String(repeating: "m.", count: 1600)) == nil)
        #expect(Self.path("m", ["x": String(repeating: "v", count: 255)], tagged: true) != nil)
        #expect(Self.path("") == nil)
    }
}
