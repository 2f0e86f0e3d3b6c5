internal import Glibc
internal import Logging
internal import PuyPuyCore

/// The file of a spool: making it, opening it, and moving a damaged one aside.
enum SpoolFile {
    /// SQLite's own page cache of the writer, in KiB. A backlog does not need more: batches are
    /// written once and read by other connections.
    private static let cacheKiB = 1_024
    /// What stays of the write-ahead log: twice what one checkpoint moves.
    private static let logBytes = 8 << 20

    /// The file grows by so much at a time, and is claimed ahead of what is committed.
    private static let growthBytes: Int32 = 1 << 20
    /// What the file system keeps for the write-ahead log, also while the log is shorter: enough for
    /// acknowledgements when nothing else is left.
    private static let reservedLogBytes = 1 << 20

    /// Bytes of the file at `path` and of its write-ahead log.
    static func sizes(of path: String) -> (fileBytes: Int64, logBytes: Int64) {
        (fileSizeBytes(path), fileSizeBytes(path + "-wal"))
    }

    /// Makes the folder of the file at `path`, 0750, when it is missing.
    static func makeFolder(of path: String) throws(SpoolError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let folder = String(path[..<slash])
        var status = stat()
        if stat(folder, &status) == 0 { return }
        try makeFolder(of: folder)
        guard mkdir(folder, 0o750) == 0 || errno == EEXIST else {
            throw SpoolError(
                operation: "cannot make the folder", subject: folder, cause: systemWords(errno),
                hint: "make it, or set spool_path to a place that this user may write")
        }
    }

    /// Whether this process may make files in the folder of the file at `path`.
    static func folderIsWritable(of path: String) -> Bool {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        return access(String(folder), W_OK) == 0
    }

    /// Opens or makes the spool for its one writer. A damaged file is moved aside first.
    static func open(
        _ options: SpoolOptions, logger: Logger, nowNs: Int64
    ) throws(SpoolError) -> Connection {
        do {
            let connection = try openWriter(options, logger: logger)
            warnOfReaders(options.path, logger)
            return connection
        } catch  where error.kind == .damaged {
            try moveAside(options.path, after: error, logger: logger, nowNs: nowNs)
            return try openWriter(options, logger: logger)
        }
    }

    private static func openWriter(
        _ options: SpoolOptions, logger: Logger
    ) throws(SpoolError) -> Connection {
        let isNew = fileSizeBytes(options.path) == 0
        try createPrivately(options.path)
        try checkLog(options)
        let connection = try Connection(path: options.path, access: .write)
        try Migrations.check(connection)
        // Takes effect only while the file is empty, and later needs room for nothing.
        if isNew { try connection.execute("PRAGMA auto_vacuum = INCREMENTAL") }
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute(options.durability.pragma)
        // After a checkpoint that readers had delayed, a log that grew is cut to this.
        try connection.execute("PRAGMA journal_size_limit = \(logBytes)")
        try connection.execute("PRAGMA foreign_keys = ON")
        try connection.execute("PRAGMA cache_size = -\(cacheKiB)")
        try Migrations.migrate(connection)
        // Not before: a file that is being made is no larger than what is in it.
        connection.setGrowth(bytes: growthBytes)
        // A left-over log belongs to a process that was killed, after a failed sync for all we know. No
        // commit may build on it before it is written again.
        try connection.writeAnew()
        do {
            // A fresh log starts small.
            try connection.checkpoint(.truncate)
        } catch  where error.kind != .damaged {
            logger.warning("the write-ahead log cannot be moved", metadata: ["cause": "\(error)"])
        }
        reserveLog(options.path)
        try checkBooks(connection)
        try syncNames(options.path, isNew: isNew)
        return connection
    }

    /// The points may be nobody's business but the owner's: a file from elsewhere keeps its mode.
    private static func warnOfReaders(_ path: String, _ logger: Logger) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & (S_IROTH | S_IWOTH) != 0 else { return }
        logger.warning(
            "every user of the host may read the spool",
            metadata: ["path": "\(path)", "hint": "chmod o= \(path)"])
    }

    /// SQLite reads the log up to the first damaged frame, and forgets what was committed behind it.
    ///
    /// A power cut leaves such a frame in the last transaction, which was then never synced, and
    /// nobody was told that it is durable. With ``Durability/full`` a transaction begins when the one
    /// before it is synced, so that a second one behind the damage shows that synced bytes changed. Rests of
    /// commits that were undone do not continue each other.
    private static func checkLog(_ options: SpoolOptions) throws(SpoolError) {
        guard options.durability == .full,
            let log = LogPages(path: options.path + "-wal", expectedPageBytes: nil),
            log.commitsBehindDamage > 1
        else { return }
        throw SpoolError(
            .damaged, operation: "cannot use", subject: options.path,
            cause: "the write-ahead log is damaged, and \(log.commitsBehindDamage) commits follow")
    }

    /// Keeps room for the write-ahead log of the spool at `path`. Nothing is ever locked through the
    /// log itself, so that opening and closing it here takes no lock of SQLite's away.
    static func reserveLog(_ path: String) {
        keepRoom(forFileAt: path + "-wal", bytes: reservedLogBytes)
    }

    /// Makes the names of the files survive a power cut, and those of the folders that they are in
    /// when the spool is new. SQLite syncs its own folder only, and goes on when that fails.
    private static func syncNames(_ path: String, isNew: Bool) throws(SpoolError) {
        var name = path
        while let slash = name.lastIndex(of: "/") {
            let folder = slash == name.startIndex ? "/" : String(name[..<slash])
            let problem = syncFolder(folder)
            guard problem == 0 else {
                throw SpoolError(
                    operation: "cannot sync the folder", subject: folder,
                    cause: systemWords(problem), hint: "see the system's log for the disk")
            }
            if !isNew || folder == "/" { return }
            name = folder
        }
    }

    /// Reads what the daemon cannot start without: damage there is better found while the file can
    /// still be moved aside. Batches are left to their readers, since they can be many.
    private static func checkBooks(_ connection: Connection) throws(SpoolError) {
        _ = try BackendTable(connection)
        _ = try nextBatch(connection)
        _ = try RateStateTable(connection: connection).all()
        for table in ["backend", "ledger", "pending_range", "rate_state", "series"] {
            let statement = try connection.statement("PRAGMA quick_check(\(table))")
            defer { statement.reset() }
            while try statement.step() {
                let words = statement.text(0)
                if words != "ok" { throw damage(connection, words) }
            }
        }
        _ = try connection.integer("SELECT sum(runs) FROM check_status")
        for (rows, words) in Self.contradictions {
            let count = try connection.integer("SELECT count(*) FROM \(rows)")
            if count > 0 { throw damage(connection, words) }
        }
    }

    /// What a sound spool has none of, with what it means. A page that was written to a wrong place is
    /// a sound page to SQLite.
    private static let contradictions = [
        ("backend WHERE id NOT IN (SELECT backend FROM ledger)", "a backend has no books"),
        (
            "pending_range WHERE backend NOT IN (SELECT id FROM backend)",
            "pending ranges are of no backend"
        ),
        (
            "ledger WHERE pending > 0 AND backend NOT IN (SELECT backend FROM pending_range)",
            "a backend has pending points and no pending ranges"
        ),
    ]

    private static func damage(_ connection: Connection, _ cause: String) -> SpoolError {
        SpoolError(.damaged, operation: "cannot use", subject: connection.path, cause: cause)
    }

    /// SQLite gives -wal and -shm the mode of the file itself, so that decides for all three.
    private static func createPrivately(_ path: String) throws(SpoolError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw SpoolError(
                operation: "cannot open", subject: path, cause: systemWords(errno),
                hint: "check that the path is a file that this user may write")
        }
        close(descriptor)
    }

    /// Renames the file with its -wal and -shm, together; nothing is deleted. Says so in the log. When
    /// another file was moved aside in the same second, the name has a later one.
    static func moveAside(
        _ path: String, after damage: SpoolError, logger: Logger, nowNs: Int64
    ) throws(SpoolError) {
        var seconds = nowNs / 1_000_000_000
        while ["", "-wal"].contains(where: { access("\(path).damaged-\(seconds)\($0)", F_OK) == 0 })
        {
            seconds += 1
        }
        let aside = "\(path).damaged-\(seconds)"
        for suffix in ["-shm", "-wal", ""] where rename(path + suffix, aside + suffix) != 0 {
            if errno == ENOENT { continue }
            throw SpoolError(
                operation: "cannot move aside", subject: path + suffix, cause: systemWords(errno))
        }
        logger.critical(
            "the spool is damaged: moved aside, a new one begins",
            metadata: [
                "cause": "\(damage.cause)", "moved_to": "\(aside)",
                "hint":
                    "what was pending in it is not delivered; check the disk, and run: puypuy spool salvage \(aside)",
            ])
    }

    /// The number of the first batch to come: behind all that were ever given. A file that took the
    /// place of a damaged one knows of the numbers before it only by where its pending ranges begin,
    /// and one that lost its table of numbers knows them by its batches.
    static func nextBatch(_ connection: Connection) throws(SpoolError) -> BatchID {
        let last = try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'batch'")
        let pending = try connection.integer("SELECT max(first_batch) FROM pending_range")
        let newest = try connection.integer("SELECT max(id) FROM batch")
        return max(last + 1, pending, newest + 1)
    }
}
