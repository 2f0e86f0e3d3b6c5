import Foundation
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct ExpositionEncoderTests {
    private func text(_ points: [(series: Series, value: Value)]) -> String {
        String(decoding: ExpositionEncoder.encode(points), as: UTF8.self)
    }

    private func samples(_ points: [(series: Series, value: Value)]) -> [String] {
        text(points).split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }

    private func series(_ metric: String, _ tags: Tags = .none) -> Series {
        Series(metric: metric, tags: tags)
    }

    @Test func `all lines of a metric are in one group below its help and type`() {
        let points: [(Series, Value)] = [
            (series("b", ["core": "1"]), .integer(2)), (series("a"), .double(0.5)),
            (series("b", ["core": "0"]), .integer(1)),
        ]
        #expect(
            text(points) == """
                # HELP a PuyPuy's a.
                # TYPE a gauge
                a 0.5
                # HELP b PuyPuy's b.
                # TYPE b gauge
                b{core="0"} 1
                b{core="1"} 2

                """)
    }

    @Test func `nothing gives nothing`() { #expect(text([]) == "") }

    @Test(arguments: [
        ("cpu.load", "U__cpu_2e_load"), ("9lives", "U___39_lives"), ("a:b", "a:b"),
        ("größe", "U__gr_f6__df_e"),
    ])
    func `names are those of remote write`(_ name: String, _ mapped: String) {
        #expect(samples([(series(name), .integer(1))]) == ["\(mapped) 1"])
        #expect(PrometheusNames.metric(name) == mapped)
        let label = PrometheusNames.label(name)
        #expect(samples([(series("m", [name: "v"]), .integer(1))]) == ["m{\(label)=\"v\"} 1"])
    }

    @Test func `backslashes, quotes and line ends in values are escaped, the rest stays`() {
        let tags: Tags = ["path": "C:\\new \"x\"\nend, {é}=日"]
        #expect(
            samples([(series("m", tags), .integer(1))]) == [
                #"m{path="C:\\new \"x\"\nend, {é}=日"} 1"#
            ])
    }

    @Test func `labels are in the order of their names as they are shown`() {
        let tags: Tags = ["a-z": "1", "aa": "2", "zz": "3"]
        #expect(
            samples([(series("m", tags), .integer(1))]) == [
                #"m{U__a_2d_z="1",aa="2",zz="3"} 1"#
            ])
    }

    @Test func `names that another mapping would make one stay different`() {
        let points: [(Series, Value)] = [
            (series("a.b", ["h-h": "h"]), .integer(1)), (series("a-b", ["h.h": "h"]), .integer(2)),
            (series("a_b", ["h_h": "h"]), .integer(3)),
        ]
        let expected = [
            #"U__a_2d_b{U__h_2e_h="h"} 2"#, #"U__a_2e_b{U__h_2d_h="h"} 1"#, #"a_b{h_h="h"} 3"#,
        ]
        #expect(samples(points) == expected)
        #expect(samples(points.reversed()) == expected)
    }

    @Test(arguments: [
        (Value.double(0.1), "0.1"), (.double(.leastNonzeroMagnitude), "5e-324"),
        (.double(.greatestFiniteMagnitude), "1.7976931348623157e+308"), (.double(-0.0), "-0.0"),
        (.double(3), "3"), (.integer(.min), "-9223372036854775808"),
    ])
    func `a value is the shortest text that reads back as the same`(
        _ value: Value, _ expected: String
    ) {
        #expect(samples([(series("m"), value)]) == ["m \(expected)"])
    }

    @Test func `what is not finite is left out`() {
        let points: [(Series, Value)] = [
            (series("nan"), .double(.nan)), (series("inf"), .double(-.infinity)),
            (series("good"), .integer(1)),
        ]
        #expect(!text(points).contains("nan") && !text(points).contains("inf"))
        #expect(samples(points) == ["good 1"])
    }

    @Test func `a name with the end of a counter's is untyped`() {
        #expect(text([(series("mem_total"), .integer(1))]).contains("# TYPE mem_total untyped\n"))
        #expect(text([(series("mem_used"), .integer(1))]).contains("# TYPE mem_used gauge\n"))
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")))
    func `promtool finds nothing wrong, whatever the series are called`() throws {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("ab:_.-9 \"\\\n{}=,é日")
        func word() -> String {
            String(
                (0...Int.random(in: 0...5, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator)!
                })
        }
        var points: [Series: Value] = [:]
        for index in 0..<2_000 {
            var tags: [(key: String, value: String)] = []
            for _ in 0..<Int.random(in: 0...4, using: &generator) { tags.append((word(), word())) }
            points[Series(metric: word(), tags: Tags(tags))] = .double(Double(index) / 3)
        }
        let bytes = ExpositionEncoder.encode(points.map { ($0.key, $0.value) })
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count { !$0.hasPrefix("#") } == points.count)
        let output = try promtool(bytes)
        // 3 is a remark about style, such as a name that has a colon; 1 is a text that is wrong.
        #expect(output.code != 1, "\(output.text.prefix(2000))")
        #expect(!output.text.contains("error while linting"))
        let good = ExpositionEncoder.encode(
            points.keys.map { (Series(metric: "good", tags: $0.tags), Value.integer(1)) }
                .reduce(into: [Series: Value]()) { $0[$1.0] = $1.1 }.map { ($0.key, $0.value) })
        let verdict = try promtool(good)
        #expect(verdict.code == 0, "\(verdict.text.prefix(2000))")
    }

    private func promtool(_ bytes: [UInt8]) throws -> (code: Int32?, text: String) {
        let folder = try TemporaryDirectory()
        try Data(bytes).write(to: URL(filePath: folder.path + "/metrics"))
        let child = try ChildProcess(
            "/bin/sh",
            ["-c", "exec /usr/bin/promtool check metrics <\"$1\"", "sh", folder.path + "/metrics"],
            log: folder.path + "/output")
        #expect(child.waitForEnd(within: .seconds(60)))
        return (child.exitCode, readText(folder.path + "/output"))
    }
}
