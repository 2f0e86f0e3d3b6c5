internal import PuyPuyCore

/// What came over from other files: see the table `salvaged`.
struct SalvagedTable {
    /// What a batch, a dead letter or a loss is known by, whichever copy of its file it is read from.
    struct Mark {
        let kind: Int64
        let number: Int64
        let timeNs: Int64
        let trait: Int64

        init(_ batch: StoredBatch) {
            kind = 1
            number = batch.number
            timeNs = batch.committedNs
            trait = batch.checksum
        }

        init(_ letter: StoredLetter) {
            kind = 2
            number = letter.number
            timeNs = letter.diedNs
            trait = letter.timestampNs
        }

        init(kind: Int64, number: Int64, timeNs: Int64, trait: Int64) {
            self.kind = kind
            self.number = number
            self.timeNs = timeNs
            self.trait = trait
        }

        init(lossOf backend: Int64, _ owner: SpoolRemains.Owner) {
            kind = 3
            number = backend
            timeNs = owner.createdNs
            trait = owner.books?.collected ?? 0
        }
    }

    let connection: Connection

    /// Whether it came over before.
    func contains(_ mark: Mark) throws(SpoolError) -> Bool {
        let statement = try connection.statement(
            """
            SELECT 1 FROM salvaged
            WHERE kind = ?1 AND number = ?2 AND time_ns = ?3 AND trait = ?4
            """
        )
        .bind(1, mark.kind).bind(2, mark.number).bind(3, mark.timeNs).bind(4, mark.trait)
        defer { statement.reset() }
        return try statement.step()
    }

    /// Whether this spool has `batch`: it came over, or the file is a copy of this one.
    func contains(_ batch: StoredBatch) throws(SpoolError) -> Bool {
        if try contains(Mark(batch)) { return true }
        let statement = try connection.statement(
            "SELECT payload FROM batch WHERE id = ?1 AND committed_ns = ?2"
        )
        .bind(1, batch.number).bind(2, batch.committedNs)
        defer { statement.reset() }
        return try statement.step()
            && statement.withBlob(0) { $0.elementsEqual(batch.payload) }
    }

    /// Notes it, within the transaction in which it comes over.
    func add(_ mark: Mark) throws(SpoolError) {
        try connection.statement("INSERT INTO salvaged VALUES (?1, ?2, ?3, ?4)")
            .bind(1, mark.kind).bind(2, mark.number).bind(3, mark.timeNs).bind(4, mark.trait)
            .run()
    }
}
