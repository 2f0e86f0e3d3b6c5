internal import PuyPuyCore

/// The rate state as the spool keeps it.
struct RateStateTable {
    let connection: Connection

    /// Every counter's last reading.
    func all() throws(SpoolError) -> [String: RateState] {
        let statement = try connection.statement(
            "SELECT key, value, wall_ns, boot_ns, boot_id FROM rate_state")
        defer { statement.reset() }
        var states: [String: RateState] = [:]
        while try statement.step() {
            states[statement.text(0)] = RateState(
                value: statement.value(1),
                moment: Moment(
                    wallNs: statement.integer(2), bootNs: statement.integer(3),
                    bootID: statement.text(4)))
        }
        return states
    }

    /// Replaces readings, within a transaction of the caller. No rate can be computed from one that
    /// is not finite, and SQLite takes NaN for NULL: it is left out.
    func write(_ changes: [RateChange]) throws(SpoolError) {
        for change in changes where change.state.value.isFinite {
            let moment = change.state.moment
            try connection.statement(
                """
                INSERT INTO rate_state (key, value, wall_ns, boot_ns, boot_id)
                VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (key) DO UPDATE SET value = ?2, wall_ns = ?3, boot_ns = ?4, boot_id = ?5
                """
            )
            .bind(1, change.key).bind(2, change.state.value).bind(3, moment.wallNs)
            .bind(4, moment.bootNs).bind(5, moment.bootID).run()
        }
    }

    /// Deletes readings from before `wallNs`: of devices and checks that are gone.
    func delete(before wallNs: Int64) throws(SpoolError) {
        try connection.statement("DELETE FROM rate_state WHERE wall_ns < ?1").bind(1, wallNs).run()
    }
}
