public import PuyPuyCore

/// What a backend confirmed and refused of a unit of batches.
public struct Acknowledgement: Sendable {
    /// The backend's name.
    public var backend: String
    /// The batches of the unit. Batches in between that are gone are no matter.
    public var batches: ClosedRange<BatchID>
    /// Points that the backend refused for good.
    public var dead: [DeadPoint]
    /// Batches whose bytes are damaged, so that nothing of them could be sent.
    public var damaged: [BatchID]

    /// All of `batches` is settled: confirmed but for `dead` and `damaged`.
    public init(
        backend: String, batches: ClosedRange<BatchID>, dead: [DeadPoint] = [],
        damaged: [BatchID] = []
    ) {
        self.backend = backend
        self.batches = batches
        self.dead = dead
        self.damaged = damaged
    }

    /// A point that a backend refused for good.
    public struct DeadPoint: Sendable {
        /// The batch that it is in.
        public let batch: BatchID
        /// Its series' number.
        public let series: SeriesID
        /// Nanoseconds since the epoch.
        public let timestampNs: Int64
        /// Its value.
        public let value: Value
        /// The backend's words.
        public let reason: String

        /// A point refused for `reason`.
        public init(
            batch: BatchID, series: SeriesID, timestampNs: Int64, value: Value, reason: String
        ) {
            self.batch = batch
            self.series = series
            self.timestampNs = timestampNs
            self.value = value
            self.reason = reason
        }
    }
}
