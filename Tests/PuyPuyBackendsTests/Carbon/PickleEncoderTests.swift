import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct PickleEncoderTests {
    static func encode(
        _ points: [Point], tagged: Bool = false, maxFrameBytes: Int = PickleEncoder.maxFrameBytes
    ) -> PickleFrames {
        let (block, catalog) = LineProtocolTests.block(points)
        var encoder = PickleEncoder(tagged: tagged, maxFrameBytes: maxFrameBytes)
        var pace: CreatePace?
        encoder.encode(block, catalog: catalog, pace: &pace)
        return encoder.frames
    }

    static func lengths(_ frames: PickleFrames) -> [Int] {
        var lengths: [Int] = []
        var start = 0
        while start < frames.bytes.count {
            let length = frames.bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
            lengths.append(length)
            start += 4 + length
        }
        #expect(start == frames.bytes.count)
        return lengths
    }

    /// What Python's own pickle makes of the frames of each block: `path second bits` a point.
    static func pythonReads(_ blocks: [PickleFrames]) throws -> [[String]] {
        let directory = try TemporaryDirectory()
        var bytes: [UInt8] = []
        for block in blocks {
            for shift in [24, 16, 8, 0] {
                bytes.append(UInt8(truncatingIfNeeded: block.bytes.count >> shift))
            }
            bytes += block.bytes
        }
        try writeBytes(bytes, to: "\(directory.path)/blocks")
        let script = """
            import pickle, struct, sys
            blocks = open(sys.argv[1], 'rb')
            with open(sys.argv[2], 'w') as out:
                while True:
                    head = blocks.read(4)
                    if not head: break
                    rest = blocks.read(struct.unpack('!L', head)[0])
                    out.write('block\\n')
                    while rest:
                        size = struct.unpack('!L', rest[:4])[0]
                        frame, rest = rest[4:4 + size], rest[4 + size:]
                        assert len(frame) == size <= 1048576 and frame[-1:] == b'.'
                        points = pickle.loads(frame)
                        assert type(points) is list and points
                        for point in points:
                            path, (second, value) = point
                            assert type(point) is tuple and type(path) is str
                            assert type(second) is int and type(value) is float
                            bits = struct.unpack('<Q', struct.pack('<d', value))[0]
                            out.write('%s %d %d\\n' % (path, second, bits))
            """
        let python = try ChildProcess(
            "/usr/bin/python3",
            ["-c", script, "\(directory.path)/blocks", "\(directory.path)/points"],
            log: "\(directory.path)/log")
        try #require(python.waitForEnd(within: .seconds(120)))
        try #require(python.exitCode == 0, "\(readText("\(directory.path)/log"))")
        let text = try directory.read("points")
        return text.split(separator: "block\n", omittingEmptySubsequences: false).dropFirst().map {
            $0.split(separator: "\n").map { String($0) }
        }
    }

    static func line(_ path: String, _ second: Int64, _ value: Double) -> String {
        "\(path) \(second) \(value.bitPattern)"
    }

    @Test func `python reads random blocks as they were`() throws {
        var generator = SeededGenerator(seed: 11)
        var blocks: [PickleFrames] = []
        var wanted: [[String]] = []
        for number in 0..<200 {
            var points: [Point] = []
            var lines: [String] = []
            for _ in 0..<Int.random(in: 1...200, using: &generator) {
                let metric = "m\(Int.random(in: 0..<40, using: &generator))"
                let second = Int64.random(in: 0...Int64(UInt32.max), using: &generator)
                let restNs = Int64.random(in: 0..<1_000_000_000, using: &generator)
                let double = Double(bitPattern: generator.next())
                let value: Value =
                    double.isFinite
                    ? .double(double) : .integer(Int64(truncatingIfNeeded: generator.next()))
                let point = LineProtocolTests.point(
                    metric, ["host": "h"], at: second * 1_000_000_000 + restNs, value)
                points.append(point)
                lines.append(
                    Self.line(
                        "unknown.unknown.h.unknown.untyped.\(metric)", second, value.asDouble))
            }
            // Every other block is of many small frames.
            let frames = Self.encode(
                points, maxFrameBytes: number % 2 == 0 ? PickleEncoder.maxFrameBytes : 300)
            #expect(frames.points == points.count)
            blocks.append(frames)
            wanted.append(lines)
        }
        #expect(try Self.pythonReads(blocks) == wanted)
    }

    @Test func `the ends of every range come through`() throws {
        let seconds: [Int64] = [
            0, 1, 255, 65_536, Int64(Int32.max), Int64(Int32.max) + 1, Int64(UInt32.max),
        ]
        let values: [Value] = [
            .double(0), .double(-0.0), .double(.leastNonzeroMagnitude),
            .double(1.7976931348623157e308), .integer(.max), .integer(.min), .integer(-1),
            .integer(9_007_199_254_740_993),
        ]
        var points: [Point] = []
        var lines: [String] = []
        for second in seconds {
            for value in values {
                points.append(LineProtocolTests.point(at: second * 1_000_000_000, value))
                lines.append(
                    Self.line("unknown.unknown.unknown.unknown.untyped.m", second, value.asDouble))
            }
        }
        #expect(try Self.pythonReads([Self.encode(points)]) == [lines])
    }

    @Test func `seconds are those that a time is in`() throws {
        let points = [
            LineProtocolTests.point(at: 1_999_999_999), LineProtocolTests.point(at: 2_000_000_000),
        ]
        let lines = try Self.pythonReads([Self.encode(points)])
        #expect(lines.first?.map { $0.split(separator: " ")[1] } == ["1", "2"])
    }

    @Test(arguments: [
        (LineProtocolTests.point(at: -1), "time"), (LineProtocolTests.point(at: .min), "time"),
        (LineProtocolTests.point(at: -1_000_000_000), "time"),
        (LineProtocolTests.point(at: 4_294_967_296_000_000_000), "time"),
        (LineProtocolTests.point(at: .max), "time"),
        (LineProtocolTests.point(at: 1, .double(.nan)), "finite"),
        (LineProtocolTests.point(at: 1, .double(.infinity)), "finite"),
        (LineProtocolTests.point(at: 1, .double(-.infinity)), "finite"),
        (LineProtocolTests.point(String(repeating: "m", count: 300)), "250 bytes"),
        (LineProtocolTests.point(""), "empty"),
    ]) func `what Carbon would drop or misread is refused alone`(
        bad: Point, word: String
    ) throws {
        let good = LineProtocolTests.point("good", at: 1_000_000_000)
        for (position, points) in [[bad, good, good], [good, bad, good], [good, good, bad]]
            .enumerated()
        {
            let frames = Self.encode(points)
            #expect(frames.rejections.map(\.row) == [position])
            #expect(frames.rejections.first?.reason.contains(word) == true)
            #expect(try Self.pythonReads([frames]).first?.count == 2)
        }
        #expect(Self.encode([bad]).bytes.isEmpty)
    }

    @Test func `of two series with one path the later one is refused by name`() throws {
        let points = [
            LineProtocolTests.point("m", ["x": "a b"], at: 1),
            LineProtocolTests.point("m", ["x": "a/b"], at: 1),
            LineProtocolTests.point("m", ["x": "a b"], at: 2),
        ]
        let frames = Self.encode(points)
        #expect(
            frames.rejections == [
                Outcome.Rejection(
                    row: 1,
                    reason: "\(points[1].series) has the same path as \(points[0].series): "
                        + "unknown.unknown.unknown.unknown.untyped.a_b.m")
            ])
        #expect(frames.points == 2)
    }

    @Test func `a frame is as long as Carbon takes, to the byte`() {
        let points = (0..<30_000).map { LineProtocolTests.point(at: Int64($0) * 1_000_000_000) }
        let whole = Self.lengths(Self.encode(points))
        #expect(whole.count == 2)
        #expect(whole.allSatisfy { $0 <= PickleEncoder.maxFrameBytes })
        let two = Self.lengths(Self.encode(Array(points[..<2])))[0]
        #expect(Self.lengths(Self.encode(Array(points[..<4]), maxFrameBytes: two)) == [two, two])
        #expect(Self.lengths(Self.encode(Array(points[..<4]), maxFrameBytes: two - 1)).count == 4)
    }
}
