import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

/// What modules of all generations give.
@Suite(.timeLimit(.minutes(10)))
struct PythonModuleTests {
    private let options: [PythonConfiguration.Option] = [
        .init(section: "SelfConfig", key: "cluster_name", text: "c"),
        .init(section: "Shop", key: "name", text: "books"),
        .init(section: "Shop", key: "open", text: "True"),
        .init(section: "Shop", key: "closed", text: "False"),
        .init(section: "Shop", key: "maybe", text: "yes"),
    ]

    private func tags(_ type: String, _ more: Tags = .none) -> Tags {
        (["host": "h", "cluster": "c", "type": type] as Tags).merging(more)
    }

    @Test func `push style gives what it puts, under its old and its rate entry point`()
        async throws
    {
        let bench = try ModuleBench(options: options)
        let first = try await bench.run(fixture: "push_old")
        #expect(first.end == .succeeded)
        #expect(first.points.value("old_reads") == nil)
        let run = try await bench.run(fixture: "push_old")
        let gauge = try #require(run.points.first { $0.series.metric == "old_gauge" })
        #expect(gauge.series.tags == tags("old"))
        #expect(gauge.value == .integer(12))
        #expect(run.points.value("old_text") == .double(13.5))
        #expect(try #require(run.points.value("old_reads")).asDouble > 0)
        let more = try #require(run.points.first { $0.series.metric == "old_more" })
        #expect(
            more.series.tags == tags("old", ["host": "elsewhere", "cluster": "othercluster"]))
        #expect(more.timestampNs == 1_700_000_000_000_000_000)
        #expect(bench.log.all.contains { $0.contains("text=measured 1050") })
    }

    @Test func `points that are never put are handed over once, what is put is not truncated`()
        async throws
    {
        let bench = try ModuleBench(options: options)
        for _ in 0..<2 {
            let run = try await bench.run(fixture: "push_new")
            #expect(run.end == .succeeded)
            let made = run.points.filter { $0.series.tags["type"] == "new" }
            #expect(
                made.map(\.series.metric) == [
                    "new_seven", "new_eight", "new_dict", "new_never_put",
                ])
            #expect(made[2].series.tags == tags("new", ["device": "sda"]))
        }
        #expect(bench.log.all.contains { $0.hasPrefix("only one thing") })
        #expect(bench.log.all.contains { $0.hasPrefix("new: WARNING a message") })
    }

    @Test func `function style gives its list`() async throws {
        let run = try await ModuleBench(options: options).run(fixture: "function")
        #expect(run.end == .succeeded)
        #expect(run.points[0].series == Series(metric: "function_plain", tags: tags("untyped")))
        let expected = tags("books", ["disk": "3", "big": "True", "host": "elsewhere"])
        #expect(run.points[1].series == Series(metric: "function_full", tags: expected))
        #expect(run.points[1].value == .double(2.5))
    }

    @Test func `class style makes a new object each run`() async throws {
        let bench = try ModuleBench(options: options)
        for number in 1...3 {
            let run = try await bench.run(fixture: "class")
            #expect(run.end == .succeeded)
            #expect(run.points.value("class_runs") == .integer(Int64(number)))
            #expect(run.points.value("class_pushed") == .integer(4))
        }
        #expect(await bench.host.starts == 1)
    }

    @Test func `both ways to import give the same objects`() async throws {
        let run = try await ModuleBench(options: options).run(fixture: "imports")
        #expect(run.end == .succeeded)
        #expect(run.points.value("same") == .integer(11))
    }

    @Test func `the configuration is there as text, True and False`() async throws {
        let run = try await ModuleBench(options: options).run(
            "options",
            """
            import lib.getconfig as g
            def runcheck():
                right = (g.getparam('Shop', 'open') is True, g.getparam('Shop', 'closed') is False,
                         g.getparam('Shop', 'maybe') == 'yes', config.get('Shop', 'name') == 'books',
                         sorted(g.getsection('Shop')) == ['closed', 'maybe', 'name', 'open'],
                         g.getsectionitems('Shop')['open'] == 'True',
                         g.config.getboolean('Shop', 'maybe'))
                return [{'name': 'right', 'timestamp': 0, 'value': sum(right)}]
            """)
        #expect(run.points.value("right") == .integer(7))
    }

    @Test func `numbers of any kind count, and what is none is refused by metric`() async throws {
        let bench = try ModuleBench()
        let run = try await bench.run(fixture: "values")
        #expect(run.end == .succeeded)
        let expected: [String: Value] = [
            "integer": .integer(7), "large": .integer(1 << 62), "too_large": .double(0x1p70),
            "float": .double(0.1), "text": .integer(42), "signed": .double(-1500),
            "bytes": .integer(5), "decimal": .double(2.25), "fraction": .double(0.25),
        ]
        for (name, value) in expected { #expect(run.points.value(name) == value, "\(name)") }
        let refused = Dictionary(grouping: run.refusals, by: \.reason).mapValues {
            Set($0.map(\.metric))
        }
        #expect(
            refused == [
                .unreadable: [
                    "true", "none", "word", "empty", "list", "grouped", "hex", "odd", "",
                ], .notFinite: ["nan", "infinite"], .unnamed: [""],
            ])
        let strange = try #require(run.points.first { $0.series.metric == "tab\there" })
        #expect(strange.series.tags["path"] == "a\\b\nc")
        #expect(strange.series.tags["é"] == "ü")
        #expect(strange.series.tags["5"] == "6.5")
    }

    @Test func `times are seconds or milliseconds, and odd ones are kept with one warning`()
        async throws
    {
        let bench = try ModuleBench()
        let run = try await bench.run(fixture: "values")
        func time(_ metric: String) -> Int64? {
            run.points.first { $0.series.metric == metric }?.timestampNs
        }
        let now = try #require(time("integer"))
        #expect(now.isMultiple(of: 1_000_000_000))
        #expect(time("milliseconds") == now)
        #expect(time("textual") == now)
        #expect(time("fractional") == now + 500_000_000)
        #expect(time("ancient") == 1_000_000_000_000_000_000)
        #expect(abs(try #require(time("untimed")) - now) < 3_600_000_000_000)
        _ = try await bench.run(fixture: "values")
        let warnings = bench.log.all.filter { $0.contains("more than a day away") }
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("metric=ancient"))
    }

    @Test func `the clients answer with text or with nothing`() async throws {
        let bench = try ModuleBench()
        let run = try await bench.run(fixture: "clients")
        #expect(run.end == .succeeded)
        for name in ["auth", "header", "headers", "post", "missing", "refused", "tcp"] {
            #expect(run.points.value(name) == .integer(1), "\(name)")
        }
        #expect(!bench.log.all.contains { $0.contains("secret") })
    }

    @Test func `a changed file is loaded anew, an unchanged one is not`() async throws {
        let bench = try ModuleBench()
        let text = { (value: Int) in
            "loads = []\ndef runcheck():\n    loads.append(1)\n"
                + "    return [{'name': 'v\(value)', 'timestamp': 0, 'value': len(loads)}]\n"
        }
        let path = try bench.root.write("check_changing.py", text(1))
        #expect(try await bench.run("changing", at: path).points.value("v1") == .integer(1))
        #expect(try await bench.run("changing", at: path).points.value("v1") == .integer(2))
        try bench.root.write("check_changing.py", text(22))
        #expect(try await bench.run("changing", at: path).points.value("v22") == .integer(1))
        #expect(await bench.host.starts == 1)
    }

    @Test func `many points come through whole`() async throws {
        let run = try await ModuleBench().run(
            "many",
            """
            def runcheck():
                return [{'name': 'm', 'timestamp': 0, 'value': n, 'extra_tag': {'n': n}}
                        for n in range(30000)]
            """)
        #expect(run.end == .succeeded)
        #expect(run.points.count == 30_002)
        #expect(run.points[29_999].series.tags["n"] == "29999")
    }
}
