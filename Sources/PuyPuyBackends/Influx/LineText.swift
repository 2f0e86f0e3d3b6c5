public import PuyPuyCore

/// Points as InfluxDB's line protocol, for files: as InfluxDB 1.x and 2.x read it, one field `value`,
/// times in nanoseconds, and numbers without a type, as the backends write them unless told otherwise.
public struct LineText {
    private var encoder = LineProtocol()
    private var lines = LineBlock()

    /// An encoder. A series number must mean the same series for its life.
    public init() {}

    /// The lines of `points`, each with its newline, and the rows that no line can express, with why.
    public mutating func lines(
        of points: PointBlock, catalog: any SeriesCatalog
    ) -> (bytes: [UInt8], left: [Outcome.Rejection]) {
        encoder.encode(points, catalog: catalog, to: &lines)
        return (lines.bytes, lines.rejections)
    }
}
