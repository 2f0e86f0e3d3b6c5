/// One measurement: a series, a time and a value.
public struct Point: Sendable, Hashable {
    /// What was measured.
    public let series: Series
    /// Nanoseconds since the Unix epoch, UTC.
    public let timestampNs: Int64
    /// The measured value.
    public let value: Value

    /// A point of `series` at `timestampNs` (nanoseconds since the epoch).
    public init(series: Series, timestampNs: Int64, value: Value) {
        self.series = series
        self.timestampNs = timestampNs
        self.value = value
    }
}
