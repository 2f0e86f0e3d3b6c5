import PuyPuyCore
import Testing

@testable import PuyPuyAgent

@Suite struct PointsRequestTests {
    private static let now: Int64 = 1_763_900_123_000_000_000
    private static let second: Int64 = 1_000_000_000

    private func request(_ text: String) throws -> PointsRequest {
        try PointsRequest(WebQuery(text, names: PointsRequest.names), nowNs: Self.now)
    }

    @Test func `without times it is the last hour, in some three hundred buckets`() throws {
        let request = try request("metric=cpu_load")
        #expect(request.metric == "cpu_load" && request.keys.isEmpty && request.before == nil)
        #expect(request.stepNs == 12 * Self.second)
        #expect(request.fromNs % request.stepNs == 0)
        #expect((300...302).contains(request.count))
        #expect(abs(request.toNs - Self.now) < Self.second)
        #expect(abs(request.fromNs - (Self.now - 3_600 * Self.second)) <= request.stepNs)
    }

    @Test func `numbers up to zero count from now, others from 1970`() throws {
        let relative = try request("metric=a&from=-100&to=-40&step=1")
        let absolute = try request("metric=a&from=1763900023&to=1763900083&step=1")
        #expect(relative.fromNs == absolute.fromNs && relative.toNs == absolute.toNs)
        #expect(absolute.fromNs == 1_763_900_023 * Self.second && absolute.count == 61)
    }

    @Test
    func `buckets begin at multiples of the step, so that those of two requests are the same`()
        throws
    {
        for from in [1_763_900_000, 1_763_900_001, 1_763_900_029] {
            let request = try request("metric=a&from=\(from)&step=30")
            #expect(
                request.fromNs == 1_763_899_980 * Self.second
                    + (from >= 1_763_900_010
                        ? 30 * Self.second : 0))
        }
    }

    @Test func `series are asked for by their keys, and a request goes on before a batch`() throws {
        let request = try request("series=a%7Bb%3Dc%7D&series=d%7B%7D&before=17")
        #expect(request.keys == ["a{b=c}", "d{}"] && request.metric == nil && request.before == 17)
    }

    @Test(arguments: [
        ("", "metric"), ("metric=", "metric"), ("metric=a&series=b", "series"),
        ("metric=a&metric=b", "metric"), ("metric=a&from=x", "from"), ("metric=a&to=nan", "to"),
        ("metric=a&from=-10&to=-20", "from"), ("metric=a&from=0", "from"),
        ("metric=a&step=0", "step"), ("metric=a&step=-1", "step"), ("metric=a&step=", "step"),
        ("metric=a&from=-86400&step=1", "step"), ("metric=a&from=1e300", "from"),
        ("metric=a&before=0", "before"), ("metric=a&before=1.5", "before"),
        ("metric=a&limit=5", "limit"),
        ((0...16).map { "series=\($0)" }.joined(separator: "&"), "series"),
    ])
    func `what cannot be answered is refused, and named`(_ text: String, _ name: String) {
        let error = #expect(throws: WebParameterError.self) { try request(text) }
        #expect(error?.parameter == name)
    }

    @Test(arguments: [-4.0e9, 3.9e9, -1, 1])
    func `times far away and long steps are a request like any other`(_ seconds: Double) throws {
        let from = Int64(seconds)
        let request = try request("metric=a&from=\(from)&to=4000000000&step=1000000000")
        #expect(request.count <= PointsRequest.maxBuckets && request.count > 0)
    }

    @Test func `an answer has the buckets of each series by number, and says what is missing`()
        throws
    {
        let request = try request("series=a%7B%7D&series=b%7B%7D&from=1000&to=1100&step=10")
        var answer = PointsAnswer(
            request, [(3, Series(metric: "a", tags: ["core": "all"]))])
        answer.missing = ["b{}"]
        answer.next = 44
        var block = PointBlock()
        for (seconds, value) in [(1_001, 1.5), (1_009, 2.5), (1_095, 7)] as [(Int64, Double)] {
            block.append(series: 3, timestampNs: seconds * Self.second, value: .double(value))
            block.append(series: 4, timestampNs: seconds * Self.second, value: .double(99))
        }
        answer.add(block)
        #expect(
            answer.json
                == #"{"from_ns":1000000000000,"to_ns":1100000000000,"step_ns":10000000000,"next":44,"#
                + #""damaged_batches":0,"series_left_out":0,"missing":["b{}"],"series":[{"#
                + #""key":"a{core=all}","metric":"a","tags":{"core":"all"},"#
                + #""buckets":[[0,2,1.5,2.5,2],[9,1,7,7,7]]}]}"#)
    }
}
