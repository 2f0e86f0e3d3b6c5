internal import PuyPuyCore

/// A batch as its row has it.
struct StoredBatch {
    let number: BatchID
    let committedNs: Int64
    /// As the row says.
    let points: Int64
    let payload: [UInt8]

    /// The batch of `row`; `nil` when that is none.
    init?(_ row: StoredRow) {
        guard let fields = row.tableFields(7), let number = row.number, number > 0,
            let committed = fields[1].integer, fields[2].integer != nil,
            fields[3].integer != nil, let points = fields[4].integer,
            fields[5].integer != nil, case .blob(let payload) = fields[6]
        else { return nil }
        self.number = number
        committedNs = committed
        self.points = points
        self.payload = payload
    }

    /// The checksum at the end of the payload.
    var checksum: Int64 {
        payload.suffix(4).reversed().reduce(0) { $0 << 8 | Int64($1) }
    }

    /// The points, or why there are none.
    func decoded() -> Result<PointBlock, BatchDamage> {
        payload.withUnsafeBytes { bytes in
            Result { () throws(BatchDamage) in try BatchCodec.decode(bytes) }
        }
    }
}

/// A dead letter as its row has it.
struct StoredLetter {
    let number: Int64
    let backend: Int64
    let diedNs: Int64
    let series: SeriesID
    let timestampNs: Int64
    let value: Value
    let reason: String

    /// The dead letter of `row`; `nil` when that is none.
    init?(_ row: StoredRow) {
        guard let fields = row.tableFields(7), let number = row.number,
            let backend = fields[1].integer, let died = fields[2].integer,
            let series = fields[3].integer, let timestamp = fields[4].integer,
            let value = fields[5].value, let reason = fields[6].text
        else { return nil }
        self.number = number
        self.backend = backend
        diedNs = died
        self.series = series
        timestampNs = timestamp
        self.value = value
        self.reason = reason
    }
}
