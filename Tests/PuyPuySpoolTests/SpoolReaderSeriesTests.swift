import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

/// Reading a few series over a time, as charts do.
@Suite struct SpoolReaderSeriesTests {
    /// A spool with a batch for each of `seconds`, three series with a point each.
    private func fixture(seconds: ClosedRange<Int64>) async throws -> SpoolFixture {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for second in seconds {
            fixture.clock.set(second * 1_000_000_000)
            await spool.append(run(points: 3, at: second, series: 3))
        }
        _ = await spool.close()
        return fixture
    }

    private func read(
        _ reader: SpoolReader, _ series: Set<SeriesID>, from: Int64 = .min, to: Int64 = .max,
        maxBatches: Int = .max, maxPoints: Int = .max
    ) throws -> (times: [Int64], pieces: Int) {
        var last = try reader.newestBatch()
        var times: [Int64] = []
        var pieces = 0
        while last > 0 {
            let piece = try reader.points(
                of: series, in: 1...last, fromNs: from, toNs: to, maxBatches: maxBatches,
                maxPoints: maxPoints)
            pieces += 1
            times += piece.block.timestampsNs
            #expect(piece.block.seriesIDs.allSatisfy { series.contains($0) })
            #expect(piece.batches <= maxBatches)
            guard let next = piece.next else { break }
            last = next - 1
        }
        return (times, pieces)
    }

    @Test func `the points of a series come newest batch first, and none twice`() async throws {
        let reader = try await fixture(seconds: 1...20).reader()
        let id = try #require(try reader.series(describedBy: "m1{check=test}")).id
        let whole = try read(reader, [id])
        #expect(whole.times == (1...20).reversed().map { $0 * 1_000_000_000 })
        #expect(whole.pieces == 1)
        for limit in [1, 2, 7, 20, 21] {
            let parts = try read(reader, [id], maxBatches: limit)
            #expect(parts.times == whole.times)
            #expect(parts.pieces == (20 + limit - 1) / limit)
        }
        #expect(try read(reader, [id], maxPoints: 1).times == whole.times)
    }

    @Test func `a time leaves out what lies outside of it`() async throws {
        let reader = try await fixture(seconds: 1...20).reader()
        let found = try reader.series(of: "m2", limit: 10)
        #expect(found.count == 1)
        let times = try read(
            reader, Set(found.found.map(\.id)), from: 5_000_000_000, to: 7_999_999_999
        ).times
        #expect(times == [7, 6, 5].map { $0 * 1_000_000_000 })
    }

    @Test func `the first batch of a time is found without reading those before`() async throws {
        let hours: Int64 = 3_600
        let fixture = try await fixture(seconds: (20 * hours)...(20 * hours + 5))
        let spool = try await fixture.open()
        for second in (30 * hours)...(30 * hours + 5) {
            fixture.clock.set(second * 1_000_000_000)
            await spool.append(run(points: 3, at: second, series: 3))
        }
        _ = await spool.close()
        let reader = try fixture.reader()
        let ns: Int64 = 1_000_000_000
        #expect(try reader.firstBatch(withPointsFrom: .min) == 1)
        #expect(try reader.firstBatch(withPointsFrom: 20 * hours * ns) == 1)
        #expect(try reader.firstBatch(withPointsFrom: 25 * hours * ns) == 7)
        // What was committed before its time, by less than the slack, is in.
        #expect(try reader.firstBatch(withPointsFrom: (20 * hours + 603) * ns) == 4)
        #expect(try reader.firstBatch(withPointsFrom: .max) == 12)
    }

    @Test func `a spool without batches has none to read`() async throws {
        let fixture = try SpoolFixture()
        _ = await (try await fixture.open()).close()
        let reader = try fixture.reader()
        #expect(try reader.firstBatch(withPointsFrom: 5) >= (try reader.newestBatch()))
        #expect(try reader.series(describedBy: "m1{}") == nil)
        #expect(try reader.room().oldestBatchNs == nil)
    }

    @Test func `a series is found by its description, braces in its name or not`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        let names = ["plain", "with{brace", "{", "a{b=c}"]
        let points = names.map { name in
            Point(
                series: Series(metric: name, tags: ["k": "v,=\\{}", "host": "h"]), timestampNs: 1,
                value: .integer(1))
        }
        await spool.append(Run(check: "test", startedNs: 0, points: points))
        _ = await spool.close()
        let reader = try fixture.reader()
        for point in points {
            let found = try #require(try reader.series(describedBy: "\(point.series)"))
            #expect(found.series == point.series)
        }
        for key in ["", "plain", "plain{}", "plain{k=v}", "}", "{}", "other{k=v}"] {
            #expect(try reader.series(describedBy: key) == nil, "\(key)")
        }
    }

    @Test func `the room says what is in use, and since when there are batches`() async throws {
        let fixture = try await fixture(seconds: 10...12)
        let room = try fixture.reader().room()
        #expect(room.usedBytes > 0 && room.usedBytes <= room.fileBytes)
        #expect(room.oldestBatchNs == 10_000_000_000 && room.newestBatchNs == 12_000_000_000)
        #expect(room.freeBytes ?? 0 > 0)
    }
}
