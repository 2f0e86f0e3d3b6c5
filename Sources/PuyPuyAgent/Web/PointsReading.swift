internal import PuyPuyCore
internal import PuyPuySpool

/// Reads the points of a request from the spool, newest first, piece by piece.
///
/// A piece is one short transaction. What is read for one request in all has a bound: a longer time is
/// read by several requests, each of which goes on where the one before ended.
struct PointsReading {
    /// How much is read at most: a batch more than that in points.
    struct Bounds {
        var batchesPerPiece = 500
        var pointsPerPiece = 20_000
        var batches = 20_000
        var points = 400_000
    }

    /// What was read so far.
    private(set) var answer: PointsAnswer
    private let reader: SpoolReader
    private let bounds: Bounds
    private let wanted: Set<SeriesID>
    private let first: BatchID
    private var last: BatchID
    private var batches = 0
    private var points = 0

    /// A reading of what `request` asks for, of which nothing is read yet but the names.
    init(_ request: PointsRequest, _ reader: SpoolReader, bounds: Bounds) throws {
        self.reader = reader
        self.bounds = bounds
        answer = try Self.answer(to: request, reader)
        wanted = Set(answer.series.map(\.id))
        first = try reader.firstBatch(withPointsFrom: request.fromNs)
        last = try request.before.map { $0 - 1 } ?? reader.newestBatch()
    }

    /// Reads a piece; false when it was the last one of this request.
    mutating func readPiece() throws -> Bool {
        guard last >= first && !wanted.isEmpty else { return false }
        let piece = try reader.points(
            of: wanted, in: first...last, fromNs: answer.request.fromNs,
            toNs: answer.request.toNs, maxBatches: bounds.batchesPerPiece,
            maxPoints: bounds.pointsPerPiece)
        answer.add(piece.block)
        answer.damaged += piece.damaged
        batches += piece.batches
        points += piece.points
        guard let next = piece.next else { return false }
        last = next - 1
        guard batches < bounds.batches && points < bounds.points else {
            answer.next = next
            return false
        }
        return true
    }

    /// The answer without points: which series there are of those that were asked for.
    private static func answer(
        to request: PointsRequest, _ reader: SpoolReader
    ) throws -> PointsAnswer {
        if let metric = request.metric {
            let (found, count) = try reader.series(of: metric, limit: PointsRequest.maxSeries)
            var answer = PointsAnswer(request, found)
            answer.leftOut = count - found.count
            if count == 0 { answer.missing = [metric] }
            return answer
        }
        var found: [(id: SeriesID, series: Series)] = []
        var missing: [String] = []
        for key in request.keys {
            if let series = try reader.series(describedBy: key) {
                if !found.contains(where: { $0.id == series.id }) { found.append(series) }
            } else {
                missing.append(key)
            }
        }
        var answer = PointsAnswer(request, found)
        answer.missing = missing
        return answer
    }
}
