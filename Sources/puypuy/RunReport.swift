internal import PuyPuyCore

/// Runs for people: their points, how long they took, what was refused.
enum RunReport {
    /// Prints `runs`. Throws when one of them failed.
    static func print(_ runs: [Run], hintsAtRates: Bool) throws {
        let points = runs.flatMap(\.points)
        if Terminal.isInteractive {
            Terminal.write(PointText.table(points, width: Terminal.width))
        } else {
            for point in points { Terminal.write(PointText.line(point) + "\n") }
        }
        var problems = 0
        for run in runs {
            for refusal in run.refusals {
                Terminal.errorText(
                    "\(run.check): \(refusal.count) of \(refusal.metric) refused:"
                        + " \(refusal.reason.rawValue)")
            }
            if let problem = run.end.problem {
                problems += 1
                Terminal.errorText("\(run.check): \(problem)")
            }
        }
        let slowest = runs.map(\.duration).max() ?? .zero
        let counters = runs.reduce(0) { $0 + $1.rateChanges.count }
        var summary =
            "\(points.count) points, \(runs.count) \(runs.count == 1 ? "check" : "checks"),"
            + " slowest \(Readable.shortTime(ns: Int64((slowest / .nanoseconds(1)).rounded())))"
        if hintsAtRates && counters > 0 {
            summary += "; \(counters) counters give rates from a second run on (--again 2)"
        }
        Terminal.errorText(summary)
        if problems > 0 {
            throw Failure.failed(problems == 1 ? "1 check failed" : "\(problems) checks failed")
        }
    }
}
