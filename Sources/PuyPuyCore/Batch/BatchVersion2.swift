internal import Glibc

/// Writes and reads batches of version 2. `docs/SPOOL.md` has the format.
///
/// Every part is a column of integers in blocks of packed bits (``ColumnWriter``), so that what repeats
/// or grows evenly takes some bytes for the whole batch. Where the same series come again and again in
/// the same order, as from runs that were committed together, they are stored once, and values may be
/// stored as differences to the same series' last.
enum BatchVersion2 {
    static let version: UInt8 = 2

    /// The most points in a batch. Points that are all alike take no bytes of their own: this is what
    /// keeps a few bytes from asking for more than 2 MB of memory.
    static let maxPoints = 1 << 16

    /// Enough memory to encode so many points.
    static func roomBytes(points: Int) -> Int {
        ColumnWriter.roomBytes(columns: 5, count: points)
    }

    // MARK: Writing

    /// Writes all but the checksum.
    static func encode(_ block: PointBlock, into writer: inout ColumnWriter) {
        writer.byte(version)
        writer.unsigned(UInt64(block.count))
        guard block.count > 0 else { return }
        let count = block.count
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 3 * count) { scratch in
            let numbers = scratch.baseAddress!
            let kinds = numbers + count
            let differences = kinds + count
            let kind = block.values.withUnsafeBufferPointer {
                ValueColumns.split($0, kinds: kinds, numbers: numbers)
            }
            let period = block.seriesIDs.withUnsafeBufferPointer { findPeriod($0) }
            let isLagging = period > 0 && turnIntoLags(numbers, count, period)
            writer.unsigned(UInt64(period) << 1 | (isLagging ? 1 : 0))
            block.seriesIDs.withUnsafeBufferPointer { series in
                let once = UnsafeBufferPointer(rebasing: series[..<(period > 0 ? period : count)])
                write(once, scratch: differences, into: &writer)
            }
            block.timestampsNs.withUnsafeBufferPointer {
                write($0, scratch: differences, into: &writer)
            }
            if let kind {
                writer.column(repeating: kind)
            } else {
                writer.column(UnsafeBufferPointer(start: kinds, count: count))
            }
            let head = isLagging ? period : count
            writer.column(UnsafeBufferPointer(start: numbers, count: head))
            writer.column(UnsafeBufferPointer(start: numbers + head, count: count - head))
        }
    }

    /// Writes the first number, and a column of the differences between neighbours.
    private static func write(
        _ column: UnsafeBufferPointer<Int64>, scratch: UnsafeMutablePointer<Int64>,
        into writer: inout ColumnWriter
    ) {
        writer.signed(column[0])
        let count = column.count - 1
        for row in 0..<count { scratch[row] = column[row + 1] &- column[row] }
        writer.column(UnsafeBufferPointer(start: scratch, count: count))
    }

    /// After so many rows the series come again in the same order, to the end; 0 when they do not.
    private static func findPeriod(_ series: UnsafeBufferPointer<SeriesID>) -> Int {
        var period = 1
        while period < series.count && series[period] != series[0] { period += 1 }
        let rest = series.count - period
        guard rest > 0,
            memcmp(series.baseAddress!, series.baseAddress! + period, rest * 8) == 0
        else { return 0 }
        return period
    }

    /// Puts differences to the number `period` rows before in place of the numbers from row `period` on,
    /// when these are the smaller ones. Returns whether they are.
    private static func turnIntoLags(
        _ numbers: UnsafeMutablePointer<Int64>, _ count: Int, _ period: Int
    ) -> Bool {
        var plainBits = 0
        var lagBits = 0
        var first = period
        while first < count {
            let end = min(first + ColumnWriter.longestBlock, count)
            var plain = (low: Int64.max, high: Int64.min)
            var lag = plain
            for row in first..<end {
                let difference = numbers[row] &- numbers[row - period]
                plain = (min(plain.low, numbers[row]), max(plain.high, numbers[row]))
                lag = (min(lag.low, difference), max(lag.high, difference))
            }
            let size = end - first
            plainBits += size * (64 - (plain.high &- plain.low).leadingZeroBitCount)
            lagBits += size * (64 - (lag.high &- lag.low).leadingZeroBitCount)
            first = end
        }
        guard lagBits < plainBits else { return false }
        for row in (period..<count).reversed() {
            numbers[row] = numbers[row] &- numbers[row - period]
        }
        return true
    }

    // MARK: Reading

    /// The points of a batch whose version was read from `reader`.
    static func decode(_ reader: inout ByteReader) throws(BatchDamage) -> PointBlock {
        guard let (count, period, isLagging) = try head(&reader) else { return PointBlock() }
        let series = try array(count, from: &reader) {
            (reader, column) throws(BatchDamage) in
            try read(period > 0 ? period : count, from: &reader, into: column)
            if period > 0 {
                for row in period..<count { column[row] = column[row - period] }
            }
        }
        let timestamps = try array(count, from: &reader) {
            (reader, column) throws(BatchDamage) in
            try read(count, from: &reader, into: column)
        }
        let values = try self.values(count, lag: isLagging ? period : 0, from: &reader)
        return PointBlock(seriesIDs: series, timestampsNs: timestamps, values: values)
    }

    /// The series of a batch whose version was read from `reader`, each as often as it is stored.
    static func series(_ reader: inout ByteReader) throws(BatchDamage) -> [SeriesID] {
        guard let (count, period, _) = try head(&reader) else { return [] }
        let stored = period > 0 ? period : count
        return try array(stored, from: &reader) { (reader, column) throws(BatchDamage) in
            try read(stored, from: &reader, into: column)
        }
    }

    /// How many points there are, after how many the series come again, and whether values are stored as
    /// differences to those of the same series; `nil` of a batch without points.
    private static func head(
        _ reader: inout ByteReader
    ) throws(BatchDamage) -> (count: Int, period: Int, isLagging: Bool)? {
        let count = try reader.unsigned()
        guard count <= UInt64(maxPoints) else { throw .malformed }
        if count == 0 { return nil }
        let lead = try reader.unsigned()
        guard lead >> 1 < count, lead != 1 else { throw .malformed }
        return (Int(count), Int(lead >> 1), lead & 1 == 1)
    }

    private static func values(
        _ count: Int, lag: Int, from reader: inout ByteReader
    ) throws(BatchDamage) -> [Value] {
        let memory = UnsafeMutablePointer<Int64>.allocate(capacity: 2 * count)
        defer { memory.deallocate() }
        let kinds = memory
        let numbers = memory + count
        let kind = try reader.column(count, into: kinds)
        if lag > 0 {
            try reader.column(lag, into: numbers)
            try reader.column(count - lag, into: numbers + lag)
            for row in lag..<count { numbers[row] = numbers[row] &+ numbers[row - lag] }
        } else {
            try reader.column(count, into: numbers)
        }
        return try array(count, from: &reader) { (_, values) throws(BatchDamage) in
            if let kind {
                try ValueColumns.join(count, kind: kind, numbers: numbers, into: values)
            } else {
                try ValueColumns.join(count, kinds: kinds, numbers: numbers, into: values)
            }
        }
    }

    /// Reads what ``write(_:scratch:into:)`` wrote.
    private static func read(
        _ count: Int, from reader: inout ByteReader, into column: UnsafeMutablePointer<Int64>
    ) throws(BatchDamage) {
        var sum = try reader.signed()
        column[0] = sum
        try reader.column(count - 1, into: column + 1)
        for row in 1..<count {
            sum = sum &+ column[row]
            column[row] = sum
        }
    }

    /// An array of `count` trivial elements that `fill` writes, all of them unless it throws.
    private static func array<Element: BitwiseCopyable>(
        _ count: Int, from reader: inout ByteReader,
        fill: (inout ByteReader, UnsafeMutablePointer<Element>) throws(BatchDamage) -> Void
    ) throws(BatchDamage) -> [Element] {
        var damage: BatchDamage?
        let array = [Element](unsafeUninitializedCapacity: count) { memory, initialized in
            do throws(BatchDamage) {
                try fill(&reader, memory.baseAddress!)
                initialized = count
            } catch {
                damage = error
            }
        }
        if let damage { throw damage }
        return array
    }
}
