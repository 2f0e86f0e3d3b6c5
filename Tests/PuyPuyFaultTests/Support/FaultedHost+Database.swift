import PuyPuySpool
import TestSupport
import Testing

extension FaultedHost {
    /// What of the scripts' points is where, after the daemon has ended. On a full disk delivered batches
    /// go before their time, so that only the database has everything.
    struct Account {
        /// Points that the scripts printed, by the last of their numbers that arrived.
        var made = 0
        /// Points of the scripts in the database.
        var stored = 0
        /// Points of the scripts that were dropped and counted.
        var refused = 0
        /// Numbers that are in the database more than once.
        var repeated = 0
    }

    /// The points of the scripts.
    func account(_ stored: Contents) throws -> Account {
        var account = Account()
        for script in 0..<options.scripts {
            var last = 0.0
            for point in 0..<options.pointsPerRun {
                let numbers = stored.values(of: "fault_\(script)_\(point)")
                account.stored += numbers.count
                account.repeated += numbers.count - Set(numbers).count
                last = max(last, numbers.max() ?? 0)
            }
            account.made += Int(last) * options.pointsPerRun
        }
        let prefixes = (0..<options.scripts).map { "fault_\($0)_" }
        for refusal in try SpoolReader(path: spool).summary().refusals
        where refusal.reason == "memory-full" && prefixes.contains(where: refusal.metric.hasPrefix)
        {
            account.refused += Int(refusal.count)
        }
        return account
    }

    /// Ends the daemon as an operator would, and compares what the scripts printed with the database
    /// and the books.
    @discardableResult
    func proveByDatabase(
        _ fault: String, extent: String, recoverySeconds: Double? = nil, remark: String = ""
    ) throws -> Account {
        #expect(puypuy.stop() == 0, "\(puypuy.log.suffix(2_000))")
        #expect(try puypuy.audit(), "the books do not balance")
        let books = try #require(try Contents.books(spool))
        let stored = Contents(try server.points())
        let left = try Contents(ofSpool: spool).missing(in: stored)
        let account = try account(stored)
        var result = FaultResult(fault, extent: extent)
        result.collected = Int(books.collected)
        result.delivered = Int(books.delivered)
        result.dead = Int(books.dead)
        result.expired = Int(books.expired)
        // A run that a kill cut was not collected yet.
        let cut = kills * options.scripts * options.pointsPerRun
        let missing = account.made - account.stored - account.refused - Int(books.expired)
        result.lost = max(0, missing - cut) + max(0, Int(books.delivered) - stored.count)
        result.doubled = account.repeated + max(0, stored.count - Int(books.collected))
        result.recoverySeconds = recoverySeconds
        let peaks = vitals.peaks
        result.peakMemoryBytes = peaks.memoryBytes
        result.peakLogBytes = peaks.logBytes
        result.fileBytes = peaks.fileBytes
        result.remark = remark
        #expect(books.pending == 0 && books.dead == 0 && books.collected > 0)
        #expect(left.count == Int(books.expired), "\(left.first ?? "")")
        #expect(result.lost == 0, "\(account)")
        #expect(result.doubled == 0, "\(account), \(stored.count) in the database, \(books)")
        FaultReport.record(result)
        return account
    }
}
