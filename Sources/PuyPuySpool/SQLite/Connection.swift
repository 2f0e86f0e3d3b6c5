internal import CSQLite

/// One connection to one SQLite file.
///
/// The connection and its statements belong to one thread at a time: it is opened without SQLite's
/// own mutex. Statements are prepared once and kept. The C handle never leaves this file and
/// ``Statement``.
final class Connection {
    /// How a file is opened.
    enum Access {
        /// The one writer: creates the file, checkpoints.
        case write
        /// Anyone else: never writes, never checkpoints.
        case read
        /// As ``read``, of a file that nobody writes meanwhile, and without its log.
        case readUnchanging
    }

    let path: String
    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]
    /// Whether the connection cannot be used any more.
    private(set) var isClosed = false
    /// The frames in the write-ahead log after the last commit of this connection.
    private(set) var walFrames: Int32 = 0
    /// The files of which the kernel may have forgotten what was to be synced, because a sync failed.
    private var forgotten: [Int32] = []

    init(path: String, access: Access) throws(SpoolError) {
        self.path = path
        var opened: OpaquePointer?
        let flags =
            SQLITE_OPEN_NOMUTEX
            | (access == .write
                ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY)
            | (access == .readUnchanging ? SQLITE_OPEN_URI : 0)
        let name =
            access == .readUnchanging ? "file:\(Connection.escaped(path))?immutable=1" : path
        let code = sqlite3_open_v2(name, &opened, flags, nil)
        guard let opened else {
            throw SpoolError(operation: "cannot open", subject: path, cause: "out of memory")
        }
        handle = opened
        guard code == SQLITE_OK else {
            // The deinitializer closes the handle.
            throw Connection.error(handle, code, operation: "cannot open", path: path)
        }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 5_000)
        // A close that checkpoints also deletes the log by its name, which may be that of a new
        // spool's by then.
        _ = puypuy_sqlite3_db_config_int(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        if access == .write {
            // Nobody knows how the process ended that left a log. What it had moved into the file is
            // moved once more, from the log.
            forgotten = [SQLITE_FCNTL_JOURNAL_POINTER]
            // A hook of our own also takes the place of SQLite's automatic checkpoints; PRAGMA
            // wal_autocheckpoint would take the hook away again.
            let context = Unmanaged.passUnretained(self).toOpaque()
            sqlite3_wal_hook(
                handle,
                { context, _, _, frames in
                    Unmanaged<Connection>.fromOpaque(context!).takeUnretainedValue()
                        .walFrames = frames
                    return SQLITE_OK
                }, context)
        }
    }

    /// `path` as a part of a URI: https://www.sqlite.org/uri.html.
    private static func escaped(_ path: String) -> String {
        path.utf8.reduce(into: "") { text, byte in
            let digits = String(byte, radix: 16)
            let isPlain =
                byte == 0x2F || byte == 0x2E || (0x30...0x39).contains(byte)
                || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            text +=
                isPlain
                ? String(UnicodeScalar(byte)) : "%" + (digits.count < 2 ? "0" : "") + digits
        }
    }

    deinit { close() }

    /// Closes the file; the connection cannot be used any more.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        walFrames = 0
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Runs SQL that returns nothing of interest.
    func execute(_ sql: String) throws(SpoolError) {
        if isClosed { throw .closed(path) }
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw error(code, "cannot run \(firstWords(sql)) on") }
    }

    /// The statement of `sql`, prepared once, reset and ready to bind.
    func statement(_ sql: String) throws(SpoolError) -> Statement {
        if isClosed { throw .closed(path) }
        if let kept = statements[sql] {
            kept.reset()
            return kept
        }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else {
            throw error(code, "cannot prepare \(firstWords(sql)) on")
        }
        let statement = Statement(prepared, connection: self)
        statements[sql] = statement
        return statement
    }

    /// The first column of the first row, as an integer; 0 when there is no row.
    func integer(_ sql: String) throws(SpoolError) -> Int64 {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Runs `body` in one transaction; rolls back when it throws.
    func transaction<Result>(
        _ body: () throws(SpoolError) -> Result
    ) throws(SpoolError) -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // After some failures SQLite has rolled back by itself.
            if sqlite3_get_autocommit(handle) == 0 {
                sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            }
            throw error
        }
    }

    /// How far a checkpoint goes.
    enum Checkpoint {
        /// As far as it comes without waiting for readers.
        case passive
        /// To the end, waiting for readers, and the log is cut to nothing.
        case truncate
    }

    /// Moves the write-ahead log into the file. Returns the frames left behind, 0 after a full one.
    @discardableResult
    func checkpoint(_ extent: Checkpoint) throws(SpoolError) -> Int32 {
        if isClosed { throw .closed(path) }
        try writeAnew()
        var logged: Int32 = 0
        var moved: Int32 = 0
        let mode = extent == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE
        let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &logged, &moved)
        // Busy: a reader holds an old snapshot; the rest moves next time.
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else {
            if code == puypuy_sqlite3_ioerr_fsync { forgotten = Self.bothFiles }
            throw error(code, "cannot checkpoint")
        }
        if logged == moved && extent == .truncate { walFrames = 0 }
        return max(0, logged - moved)
    }

    private static let bothFiles = [SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER]

    /// Writes the forgotten files over with what they hold; for a new writer that is the log. After a failed sync Linux takes pages that
    /// it could not write for clean: the next sync would succeed without them. Written anew they are
    /// synced again. SQLite does this for a commit, which begins where the last good one ended, but
    /// not for what a checkpoint relies on.
    func writeAnew() throws(SpoolError) {
        for operation in forgotten {
            var file: UnsafeMutablePointer<sqlite3_file>?
            sqlite3_file_control(handle, nil, operation, &file)
            guard let file, let methods = file.pointee.pMethods?.pointee else { continue }
            var size: Int64 = 0
            var code = methods.xFileSize(file, &size)
            // SQLite writes at most 128 KiB at a time, less one.
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            var offset: Int64 = 0
            while code == SQLITE_OK && offset < size {
                let count = Int32(min(Int64(piece.count), size - offset))
                code = methods.xRead(file, &piece, count, offset)
                if code == SQLITE_OK { code = methods.xWrite(file, piece, count, offset) }
                offset += Int64(count)
            }
            guard code == SQLITE_OK else { throw error(code, "cannot write anew") }
        }
        forgotten = []
    }

    /// From now on the file grows and shrinks by so many bytes at a time.
    func setGrowth(bytes: Int32) {
        var bytes = bytes
        sqlite3_file_control(handle, nil, SQLITE_FCNTL_CHUNK_SIZE, &bytes)
    }

    /// Makes the file at least so large, with room of the file system behind every byte of it. False
    /// when there is not so much room. Needs ``setGrowth(bytes:)``.
    func claim(bytes: Int64) -> Bool {
        var bytes = bytes
        return !isClosed
            && sqlite3_file_control(handle, nil, SQLITE_FCNTL_SIZE_HINT, &bytes) == SQLITE_OK
    }

    /// The number of the row that the last INSERT made.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// The rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes64(handle)) }

    /// The error of a failed call, in SQLite's words.
    func error(_ code: Int32, _ operation: String) -> SpoolError {
        Connection.error(handle, code, operation: operation, path: path)
    }

    private static func error(
        _ handle: OpaquePointer, _ code: Int32, operation: String, path: String
    ) -> SpoolError {
        var cause = String(cString: sqlite3_errmsg(handle))
        let system = sqlite3_system_errno(handle)
        if system != 0 && [SQLITE_IOERR, SQLITE_CANTOPEN].contains(code & 0xFF) {
            cause += " (\(systemWords(system)))"
        }
        return SpoolError(
            kind(code, systemError: system), operation: operation, subject: path, cause: cause)
    }

    private static func kind(_ code: Int32, systemError: Int32) -> SpoolError.Kind {
        switch code & 0xFF {
        case SQLITE_FULL: .full
        case SQLITE_IOERR where isFull(systemError): .full
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged
        case SQLITE_BUSY, SQLITE_LOCKED: .locked
        default: .other
        }
    }

    private func firstWords(_ sql: String) -> String {
        sql.split(separator: " ", maxSplits: 3).prefix(3).joined(separator: " ")
    }
}
