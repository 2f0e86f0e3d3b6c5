import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyAgent
@testable import PuyPuyBackends

@Suite struct CachedPointsTests {
    private func read(_ text: String) -> CachedPoints { CachedPoints(Array(text.utf8)) }

    private let tags: Tags = [
        "host": "web1", "cluster": "c", "group": "g", "location": "l", "type": "system",
    ]

    @Test func `lines of InfluxDB keep name, tags, kind of value and time`() {
        let cached = read(
            """
            mem,host=web1,cluster=c,group=g,location=l,type=system value=12i 1700000000123456789
            load,host=web1,cluster=c,group=g,location=l,type=system value=0.5 1700000000123456790


            """)
        #expect(cached.poison == [])
        #expect(
            cached.points == [
                Point(
                    series: Series(metric: "mem", tags: tags),
                    timestampNs: 1_700_000_000_123_456_789, value: .integer(12)),
                Point(
                    series: Series(metric: "load", tags: tags),
                    timestampNs: 1_700_000_000_123_456_790, value: .double(0.5)),
            ])
    }

    @Test func `a line that is no point costs itself, and is named by its number`() {
        let cached = read(
            "a,type=t value=1i 1700000000000000000\nb,mount=my disk,type=t value=1 17\n"
                + "c,type=t value=x 1700000000000000000\nd,type=t value=1\n"
                + "e,type=t value=2i 17000000")
        #expect(cached.points.map(\.series.metric) == ["a"])
        #expect(cached.poison.map(\.place) == ["line 2", "line 3", "line 4", "line 5"])
        #expect(
            cached.poison.map(\.reason)[1...] == [
                "the value of c is not a number", "it has no time", "it is cut off",
            ])
    }

    @Test(arguments: [
        (
            #"[{"metric":"m","timestamp":1700000000,"value":3,"tags":{"host":"h"}}]"#,
            Value.integer(3)
        ),
        (
            #"[{"name":"m","timestamp":1700000000000,"value":3.5,"tags":{"host":"h"}}]"#,
            .double(3.5)
        ),
        (
            #"[{"metric":"m","timestamp":1700000000,"value":"12","tags":{"host":"h"}}]"#,
            .integer(12)
        ),
        (
            #"UUID=0-1&sandbox=true&data=[{"metric":"m","timestamp":1700000000,"value":3,"#
                + #""type":"None","reaction":0,"tags":{"host":"h"}}]"#, .integer(3)
        ),
    ])
    func `JSON of OpenTSDB, KairosDB and OddEye gives the same point`(
        _ text: String, _ value: Value
    ) {
        let cached = read(text)
        #expect(cached.poison == [])
        #expect(
            cached.points == [
                Point(
                    series: Series(metric: "m", tags: ["host": "h"]),
                    timestampNs: 1_700_000_000_000_000_000, value: value)
            ])
    }

    @Test func `NaN as Python writes it costs its own point`() {
        let cached = read(
            #"[{"metric":"NaN","timestamp":1700000000,"value":1,"tags":{"host":"a\"NaN"}},"#
                + #"{"metric":"b","timestamp":1700000000,"value":NaN,"tags":{}},"#
                + #"{"metric":"c","timestamp":1700000000,"value":-Infinity,"tags":{}},"#
                + #"{"metric":"d","message":"x","type":"Special","timestamp":1,"value":16}]"#)
        #expect(cached.points.map(\.series.metric) == ["NaN"])
        #expect(cached.points.first?.series.tags["host"] == "a\"NaN")
        #expect(cached.poison.map(\.place) == ["point 2", "point 3", "point 4"])
    }

    @Test func `JSON that is cut off, and an empty file, are named whole`() {
        #expect(read(#"[{"metric":"m","time"#).poison.map(\.place) == [""])
        #expect(read("\n").poison == [CachedPoints.Poison(place: "", reason: "the file is empty")])
    }

    @Test(arguments: [false, true])
    func `a pickle for Carbon gives points that have their paths again`(_ isFramed: Bool) throws {
        let pickle = PickleFixture.points
        let length = UInt32(pickle.count)
        let frame = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
        let cached = CachedPoints(isFramed ? frame + pickle + frame + pickle : pickle)
        let expected: [(String, Value)] = [
            ("c.g.web1_example_org.east.system.mem_used", .double(1.5)),
            ("c.g.web1_example_org.east.system.sda.reads", .integer(7)),
            ("c.g.web1_example_org.east.system.big", .integer(-5_000_000_000)),
            ("c.g.h.l.t.text", .integer(12)),
        ]
        let paths = try cached.points.map {
            String(decoding: try CarbonPath.bytes(of: $0.series, tagged: false), as: UTF8.self)
        }
        let times = isFramed ? 2 : 1
        #expect(paths == Array(repeating: expected.map(\.0), count: times).flatMap { $0 })
        #expect(cached.points.prefix(4).map(\.value) == expected.map(\.1))
        #expect(Set(cached.points.map(\.timestampNs)) == [1_700_000_000_000_000_000])
        #expect(cached.poison.prefix(2).map(\.place) == ["point 4", "point 5"])
    }

    @Test func `a pickle that would run something is refused, and nothing of it is used`() {
        let cached = CachedPoints(PickleFixture.program)
        #expect(cached.points == [])
        #expect(
            cached.poison.map(\.reason) == [
                "the pickle does more than hold points: opcode 99 at byte 5"
            ])
    }

    @Test func `every pickle that is cut off is refused, and no change of a byte traps`() {
        let pickle = PickleFixture.points
        for count in 0..<pickle.count {
            #expect(throws: PickleDecoder.Refusal.self) {
                try PickleDecoder.decode(pickle[..<count])
            }
        }
        for index in pickle.indices {
            for value in [0, 1, 0x28, 0x65, 0x86, 0x8A, 0xFF] as [UInt8] {
                var changed = pickle
                changed[index] = value
                let cached = CachedPoints(changed)
                #expect(cached.points.allSatisfy { $0.value.isFinite })
            }
        }
    }
}

/// What Python's `pickle.dumps(…, protocol=2)` makes.
enum PickleFixture {
    /// Six entries, of which the fourth has no number and the fifth a path of the oldest form.
    static let points = bytes(
        "80025d7100285829000000632e672e776562315f6578616d706c655f6f72672e656173742e737973"
            + "74656d2e6d656d5f7573656471014a00f15365473ff8000000000000867102867103582a00000063"
            + "2e672e776562315f6578616d706c655f6f72672e656173742e73797374656d2e7364612e72656164"
            + "7371044a00f153654b078671058671065824000000632e672e776562315f6578616d706c655f6f72"
            + "672e656173742e73797374656d2e62696771074a00f153658a05000efad5fe867108867109580d00"
            + "0000632e672e682e6c2e742e626164710a4a00f153654e86710b86710c580c0000006f6c642e672e"
            + "682e6e616d65710d4a00f153654b0186710e86710f580e000000632e672e682e6c2e742e74657874"
            + "71104a00f15365580200000031327111867112867113652e")
    /// A list of an object that runs a command when it is loaded.
    static let program = bytes(
        "80025d710063706f7369780a73797374656d0a71015804000000747275657102857103527104612e")

    private static func bytes(_ digits: String) -> [UInt8] {
        let characters = Array(digits)
        return stride(from: 0, to: characters.count, by: 2).map {
            UInt8(String(characters[$0...($0 + 1)]), radix: 16)!
        }
    }
}
