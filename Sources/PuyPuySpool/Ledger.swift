/// The books of one backend, in points: `collected = delivered + pending + dead + expired`.
public struct Ledger: Sendable, Hashable {
    /// Points that were committed for the backend.
    public var collected: Int64
    /// Points that the backend confirmed.
    public var delivered: Int64
    /// Points that it has not confirmed yet.
    public var pending: Int64
    /// Points that it refused for good.
    public var dead: Int64
    /// Points that were dropped because of a limit or of damage, unconfirmed.
    public var expired: Int64

    /// The books with these five sums.
    public init(
        collected: Int64 = 0, delivered: Int64 = 0, pending: Int64 = 0, dead: Int64 = 0,
        expired: Int64 = 0
    ) {
        self.collected = collected
        self.delivered = delivered
        self.pending = pending
        self.dead = dead
        self.expired = expired
    }

    /// Points that are delivered, pending, dead or expired.
    public var accounted: Int64 { delivered + pending + dead + expired }

    /// Whether every collected point is accounted for.
    public var balances: Bool { collected == accounted }
}

/// Reads the books and adds changes to them, within a transaction of the caller.
struct LedgerWriter {
    let connection: Connection

    /// The books of the backend `id`.
    func books(_ id: Int64) throws(SpoolError) -> Ledger {
        let statement = try connection.statement(
            "SELECT collected, delivered, pending, dead, expired FROM ledger WHERE backend = ?1"
        )
        .bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { return Ledger() }
        return Ledger(
            collected: statement.integer(0), delivered: statement.integer(1),
            pending: statement.integer(2), dead: statement.integer(3),
            expired: statement.integer(4))
    }

    /// Adds `change` to the books of the backend `id`.
    func add(_ change: Ledger, backend id: Int64) throws(SpoolError) {
        precondition(change.balances, "a ledger entry that does not balance: \(change)")
        try connection.statement(
            """
            UPDATE ledger SET collected = collected + ?2, delivered = delivered + ?3,
                pending = pending + ?4, dead = dead + ?5, expired = expired + ?6
            WHERE backend = ?1
            """
        )
        .bind(1, id).bind(2, change.collected).bind(3, change.delivered)
        .bind(4, change.pending).bind(5, change.dead).bind(6, change.expired)
        .run()
    }
}
