import Logging
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct PointsReadingTests {
    private static let startNs: Int64 = 1_763_900_000_000_000_000
    private static let second: Int64 = 1_000_000_000

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A spool with a batch for each of 60 seconds: a point of each of 20 series, whose value is the
    /// second.
    private func spool() async throws -> SpoolReader {
        var options = SpoolOptions(path: directory.path + "/spool.db")
        options.minFreeBytes = 0
        options.durability = .normal
        let spool = try Spool(
            options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            wallNs: { Self.startNs })
        try await spool.configure([SpoolBackend(name: "db", type: "test")])
        for number in 0..<60 as Range<Int64> {
            let points = (0..<20).map { core in
                Point(
                    series: Series(metric: "load", tags: ["core": "\(core)"]),
                    timestampNs: Self.startNs + number * Self.second,
                    value: .double(Double(number)))
            }
            await spool.append(Run(check: "test", startedNs: 0, points: points))
        }
        _ = await spool.close()
        return try SpoolReader(path: options.path)
    }

    private func request(_ more: String) throws -> PointsRequest {
        let text = "from=1763900000&to=1763900059&step=10&" + more
        return try PointsRequest(
            WebQuery(text, names: PointsRequest.names), nowNs: Self.startNs + 60 * Self.second)
    }

    private func read(
        _ more: String, _ reader: SpoolReader, _ bounds: PointsReading.Bounds = .init()
    ) throws -> PointsAnswer {
        var reading = try PointsReading(try request(more), reader, bounds: bounds)
        while try reading.readPiece() {}
        return reading.answer
    }

    private let one = "series=load%7Bcore%3D7%7D"

    @Test func `all points of the time are in the buckets`() async throws {
        let answer = try read(one, try await spool())
        #expect(answer.next == nil && answer.series.count == 1)
        let buckets = answer.series[0].buckets.buckets
        #expect(buckets.map(\.count) == Array(repeating: 10, count: 6))
        #expect(buckets.map(\.min) == [0, 10, 20, 30, 40, 50])
        #expect(buckets.map(\.max) == [9, 19, 29, 39, 49, 59])
        #expect(buckets.allSatisfy { abs($0.mean - ($0.min + 4.5)) < 1e-9 })
    }

    @Test(arguments: [
        PointsReading.Bounds(batchesPerPiece: 7),
        PointsReading.Bounds(pointsPerPiece: 30),
        PointsReading.Bounds(batchesPerPiece: 1, pointsPerPiece: 1),
    ])
    func `pieces are the whole`(_ bounds: PointsReading.Bounds) async throws {
        let reader = try await spool()
        let whole = try read(one, reader)
        let pieces = try read(one, reader, bounds)
        #expect(pieces.next == nil)
        for (left, right) in zip(
            pieces.series[0].buckets.buckets, whole.series[0].buckets.buckets)
        {
            #expect(left.count == right.count && left.min == right.min && left.max == right.max)
        }
    }

    @Test func `a request reads so much at most, and the next goes on where it ended`()
        async throws
    {
        let reader = try await spool()
        let bounds = PointsReading.Bounds(batchesPerPiece: 4, batches: 25)
        var counts = Array(repeating: 0, count: 6)
        var requests = 0
        var next: BatchID?
        repeat {
            let answer = try read(one + (next.map { "&before=\($0)" } ?? ""), reader, bounds)
            for (number, bucket) in answer.series[0].buckets.filled {
                counts[number] += bucket.count
            }
            requests += 1
            next = answer.next
        } while next != nil && requests < 10
        #expect(counts == Array(repeating: 10, count: 6))
        // 28 batches are seven pieces, the first that are 25 or more.
        #expect(requests == 3)
        let byPoints = try read(one, reader, PointsReading.Bounds(pointsPerPiece: 20, points: 100))
        #expect(byPoints.next == 56)
    }

    @Test func `of a metric the first sixteen series are answered, the rest counted`() async throws
    {
        let reader = try await spool()
        let answer = try read("metric=load", reader)
        #expect(answer.series.count == 16 && answer.leftOut == 4 && answer.missing == [])
        #expect(answer.series.allSatisfy { $0.buckets.buckets.allSatisfy { $0.count == 10 } })
    }

    @Test func `what is not there is missing, what is asked for twice is there once`() async throws
    {
        let reader = try await spool()
        let answer = try read("\(one)&series=nothing%7B%7D&\(one)", reader)
        #expect(answer.missing == ["nothing{}"] && answer.series.count == 1)
        #expect(try read("metric=nothing", reader).missing == ["nothing"])
    }
}
