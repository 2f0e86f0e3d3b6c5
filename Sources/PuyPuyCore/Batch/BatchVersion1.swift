/// Reads batches of version 1, which earlier releases wrote. `docs/SPOOL.md` has the format.
enum BatchVersion1 {
    static let version: UInt8 = 1
    /// The most points in a batch; a damaged count cannot ask for more memory than this.
    static let maxPoints = 1 << 20

    private static let integerKind: Int64 = 10
    private static let rawKind: Int64 = 11

    /// The points of a batch whose version was read from `reader`.
    static func decode(_ reader: inout ByteReader) throws(BatchDamage) -> PointBlock {
        let series = try series(&reader)
        let timestamps = try column(series.count, order: 2, from: &reader)
        let kinds = try column(series.count, order: 1, from: &reader)
        var values: [Value] = []
        values.reserveCapacity(series.count)
        for kind in kinds {
            switch kind {
            case 0..<integerKind:
                values.append(
                    .double(Double(try reader.signed()) / ValueColumns.powers[Int(kind)]))
            case integerKind: values.append(.integer(try reader.signed()))
            case rawKind: values.append(.double(Double(bitPattern: try reader.fixed64())))
            default: throw .malformed
            }
        }
        return PointBlock(seriesIDs: series, timestampsNs: timestamps, values: values)
    }

    /// The series of the points of a batch whose version was read from `reader`, in their order.
    static func series(_ reader: inout ByteReader) throws(BatchDamage) -> [SeriesID] {
        let count = try reader.unsigned()
        guard count <= UInt64(maxPoints) else { throw .malformed }
        // A value takes a byte at least, so that no few bytes can ask for much memory.
        guard count <= UInt64(reader.left) else { throw .truncated }
        return try column(Int(count), order: 1, from: &reader)
    }

    /// A column of differences (`order` 1) or differences of differences (2).
    private static func column(
        _ count: Int, order: Int, from reader: inout ByteReader
    ) throws(BatchDamage) -> [Int64] {
        var column: [Int64] = []
        column.reserveCapacity(count)
        switch try reader.byte() {
        case 0:
            for _ in 0..<count { column.append(try reader.signed()) }
        case 1:
            while column.count < count {
                let value = try reader.signed()
                let repetitions = try reader.unsigned()
                guard repetitions > 0, repetitions <= UInt64(count - column.count) else {
                    throw .malformed
                }
                for _ in 0..<repetitions { column.append(value) }
            }
        default: throw .malformed
        }
        for _ in 0..<order {
            var previous: Int64 = 0
            for index in column.indices {
                previous = previous &+ column[index]
                column[index] = previous
            }
        }
        return column
    }
}
