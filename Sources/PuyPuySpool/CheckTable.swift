internal import PuyPuyCore

/// How each check is doing, and what was refused, as the spool keeps it.
struct CheckTable {
    let connection: Connection

    /// Adds `run` to its check's status, and `refusals` to its refusals, within a transaction of the
    /// caller.
    func record(_ run: Run, refusals: [Refusal]) throws(SpoolError) {
        let problem = run.end.problem
        try connection.statement(
            """
            INSERT INTO check_status (name, runs, failures, points, counter_resets,
                last_started_ns, last_duration_ns, last_points, last_problem, last_problem_ns)
            VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?3, ?7, ?8)
            ON CONFLICT (name) DO UPDATE SET
                runs = runs + 1, failures = failures + ?2, points = points + ?3,
                counter_resets = counter_resets + ?4, last_started_ns = ?5,
                last_duration_ns = ?6, last_points = ?3, last_problem = ?7,
                last_problem_ns = coalesce(?8, last_problem_ns)
            """
        )
        .bind(1, run.check).bind(2, problem == nil ? 0 : 1).bind(3, Int64(run.points.count))
        .bind(4, Int64(run.counterResets)).bind(5, run.startedNs)
        .bind(6, run.duration.nanoseconds).bind(7, problem)
        .bindOptional(8, problem == nil ? nil : run.startedNs).run()
        for refusal in refusals {
            try connection.statement(
                """
                INSERT INTO refusal (check_name, metric, reason, values_refused, last_ns)
                VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (check_name, metric, reason) DO UPDATE SET
                    values_refused = values_refused + ?4, last_ns = ?5
                """
            )
            .bind(1, run.check).bind(2, refusal.metric).bind(3, refusal.reason.rawValue)
            .bind(4, Int64(refusal.count)).bind(5, run.startedNs).run()
        }
    }
}
