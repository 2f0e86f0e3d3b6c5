internal import PuyPuyCore

/// The backends of a spool with their pending sets: in memory, and as the tables hold them.
struct BackendTable {
    /// A backend as the spool knows it.
    struct Entry {
        let id: Int64
        let name: String
        let type: String
        /// The spool itself is the destination.
        let keepsPoints: Bool
        var pending: PendingSet
        /// Whether it is configured. Points are collected for no other.
        var isActive = false
    }

    private(set) var entries: [Entry] = []

    /// No backends.
    init() {}

    /// Reads what the tables hold.
    init(_ connection: Connection) throws(SpoolError) {
        let statement = try connection.statement(
            "SELECT id, name, type, keeps_points FROM backend ORDER BY id")
        var found: [Entry] = []
        while try statement.step() {
            found.append(
                Entry(
                    id: statement.integer(0), name: statement.text(1),
                    type: statement.text(2), keepsPoints: statement.integer(3) != 0,
                    pending: .closed))
        }
        statement.reset()
        for index in found.indices {
            found[index].pending = try PendingSet.read(
                backend: found[index].id, from: connection)
        }
        entries = found
    }

    func index(of name: String) -> Int? { entries.firstIndex { $0.name == name } }

    /// Adds `backend` with empty books, inactive. Runs in the caller's transaction; in memory it is
    /// known at once, so read the table anew when the transaction fails.
    mutating func add(
        _ backend: SpoolBackend, nowNs: Int64, in connection: Connection
    ) throws(SpoolError) {
        try connection.statement(
            "INSERT INTO backend (name, type, keeps_points, created_ns) VALUES (?1, ?2, ?3, ?4)"
        )
        .bind(1, backend.name).bind(2, backend.type).bind(3, backend.keepsPoints ? 1 : 0)
        .bind(4, nowNs).run()
        let id = connection.lastInsertedRow
        try connection.statement("INSERT INTO ledger (backend) VALUES (?1)").bind(1, id).run()
        entries.append(
            Entry(
                id: id, name: backend.name, type: backend.type, keepsPoints: backend.keepsPoints,
                pending: .closed))
    }

    /// Writes `pending` over the pending set of entry `index`, touching only what differs. In
    /// memory it takes effect with ``replace(_:_:)``, after the commit.
    func write(
        _ pending: PendingSet, over index: Int, in connection: Connection
    ) throws(SpoolError) {
        let entry = entries[index]
        let old = Set(entry.pending.rows)
        let new = Set(pending.rows)
        for row in old.subtracting(new) {
            try connection.statement(
                "DELETE FROM pending_range WHERE backend = ?1 AND first_batch = ?2"
            )
            .bind(1, entry.id).bind(2, row.first).run()
        }
        for row in new.subtracting(old) {
            try connection.statement(
                """
                INSERT INTO pending_range (backend, first_batch, last_batch) VALUES (?1, ?2, ?3)
                ON CONFLICT (backend, first_batch) DO UPDATE SET last_batch = ?3
                """
            )
            .bind(1, entry.id).bind(2, row.first).bindOptional(3, row.last).run()
        }
    }

    mutating func replace(_ index: Int, _ pending: PendingSet) { entries[index].pending = pending }

    /// Deletes entry `index` with all that the tables hold of it. In memory it goes with
    /// ``removed(_:)``, after the commit.
    func remove(_ index: Int, in connection: Connection) throws(SpoolError) {
        // The other tables follow (ON DELETE CASCADE).
        try connection.statement("DELETE FROM backend WHERE id = ?1")
            .bind(1, entries[index].id).run()
    }

    mutating func removed(_ index: Int) { entries.remove(at: index) }

    mutating func activate(_ index: Int) { entries[index].isActive = true }
}

extension PendingSet {
    /// The pending set of a backend that no further batch is pending for.
    static let closed = PendingSet(openFirst: .max)

    struct Row: Hashable {
        let first: BatchID
        let last: BatchID?
    }

    var rows: [Row] {
        backlog.map { Row(first: $0.lowerBound, last: $0.upperBound) }
            + (openFirst == .max ? [] : [Row(first: openFirst, last: nil)])
    }

    /// The pending set of a backend, as the table has it. Ranges that overlap are damage.
    static func read(
        backend id: Int64, from connection: Connection
    ) throws(SpoolError) -> PendingSet {
        let statement = try connection.statement(
            """
            SELECT first_batch, last_batch FROM pending_range WHERE backend = ?1
            ORDER BY first_batch
            """
        )
        .bind(1, id)
        defer { statement.reset() }
        var backlog: [ClosedRange<BatchID>] = []
        var openFirst = BatchID.max
        var next = BatchID.min
        while try statement.step() {
            let first = statement.integer(0)
            let last = statement.isNull(1) ? BatchID.max - 1 : statement.integer(1)
            guard first >= next, last >= first, last < .max else {
                throw SpoolError(
                    .damaged, operation: "cannot use", subject: connection.path,
                    cause: "the pending ranges of a backend overlap")
            }
            next = last + 1
            if statement.isNull(1) {
                openFirst = first
            } else {
                backlog.append(first...last)
            }
        }
        return PendingSet(backlog: backlog, openFirst: openFirst)
    }
}
