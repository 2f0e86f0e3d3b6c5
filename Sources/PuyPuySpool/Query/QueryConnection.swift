internal import CSQLite

/// A connection of SQLite's for one query: a database in memory with nothing in it but the tables
/// that are registered. What the query may do is allowed by name; all else is refused.
///
/// Belongs to one thread at a time. The C handles never leave this file and ``QueryStatement``.
final class QueryConnection {
    /// Bounds of what a single step of SQLite may do, so that the time between two looks at the clock
    /// stays short: sqlite.org/limits.html.
    private static let limits = [
        // A text, a blob, a row: 1 MB.
        (SQLITE_LIMIT_LENGTH, 1_000_000), (SQLITE_LIMIT_SQL_LENGTH, 100_000),
        (SQLITE_LIMIT_EXPR_DEPTH, 200), (SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200), (SQLITE_LIMIT_ATTACHED, 0),
        (SQLITE_LIMIT_WORKER_THREADS, 0),
    ]

    private let handle: OpaquePointer
    private let modules: [QueryModule]
    private let isOver: () -> Bool
    /// The query asked for more than reading.
    private var wantsMore = false

    /// A connection with the tables of `modules`. What runs is cut when `isOver` says so.
    init(_ modules: [QueryModule], isOver: @escaping () -> Bool) throws(SpoolError) {
        self.modules = modules
        self.isOver = isOver
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY
        guard sqlite3_open_v2(":memory:", &opened, flags, nil) == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            throw .query("out of memory")
        }
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        // Sorting takes memory, which has a bound, and never a file.
        sqlite3_exec(handle, "PRAGMA temp_store = MEMORY", nil, nil, nil)
        _ = puypuy_sqlite3_db_config_int(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        for (limit, value) in Self.limits { sqlite3_limit(handle, limit, Int32(value)) }
        for module in modules { try register(module) }
        sqlite3_create_function_v2(
            handle, "tag", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
            { context, _, values in TagFunction.call(context!, values!) }, nil, nil, nil)
        watch()
    }

    deinit { sqlite3_close_v2(handle) }

    /// Makes a table, and uses it once: at its first use SQLite declares it, which the query is not
    /// permitted to do.
    private func register(_ module: QueryModule) throws(SpoolError) {
        var code = module.register(handle)
        if code == SQLITE_OK {
            code = sqlite3_exec(handle, "EXPLAIN SELECT * FROM \(module.name)", nil, nil, nil)
        }
        if code != SQLITE_OK { throw error(code) }
    }

    private func watch() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            handle, 500,
            { context in
                Unmanaged<QueryConnection>.fromOpaque(context!).takeUnretainedValue().isOver()
                    ? 1 : 0
            }, context)
        sqlite3_set_authorizer(
            handle,
            { context, action, _, name, _, _ in
                Unmanaged<QueryConnection>.fromOpaque(context!).takeUnretainedValue()
                    .permits(action, name.map { String(cString: $0) }) ? SQLITE_OK : SQLITE_DENY
            }, context)
    }

    private func permits(_ action: Int32, _ name: String?) -> Bool {
        switch action {
        case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return true
        case SQLITE_FUNCTION where name != "load_extension": return true
        default:
            wantsMore = true
            return false
        }
    }

    /// The one statement of `sql`. Throws what is wrong with it, and where.
    func prepare(_ sql: String) throws(SpoolError) -> QueryStatement {
        guard !sql.utf8.contains(0) else { throw .query("it holds a byte 0") }
        // The C string lives until both are prepared, as the rest is a part of it.
        let result: Result<QueryStatement, SpoolError> = sql.withCString { text in
            Result { () throws(SpoolError) in try prepare(text, sql) }
        }
        return try result.get()
    }

    private func prepare(
        _ text: UnsafePointer<CChar>, _ sql: String
    ) throws(SpoolError) -> QueryStatement {
        var prepared: OpaquePointer?
        var rest: UnsafePointer<CChar>?
        wantsMore = false
        let code = sqlite3_prepare_v3(handle, text, -1, 0, &prepared, &rest)
        guard code == SQLITE_OK else { throw error(code, preparing: sql) }
        guard let prepared else {
            throw .query("there is no statement", "try SELECT * FROM points")
        }
        let statement = QueryStatement(prepared, connection: self)
        guard sqlite3_stmt_readonly(prepared) != 0, sqlite3_column_count(prepared) > 0 else {
            throw .onlyReads
        }
        var next: OpaquePointer?
        let restCode = sqlite3_prepare_v3(handle, rest, -1, 0, &next, nil)
        sqlite3_finalize(next)
        // Comments and blanks make no statement; whatever else is there was not looked for.
        guard restCode == SQLITE_OK, next == nil else {
            throw .query("there are several statements", "a query is one SELECT")
        }
        return statement
    }

    /// Why a step failed.
    func error(_ code: Int32) -> SpoolError {
        switch code & 0xFF {
        case SQLITE_INTERRUPT: .takesTooLong
        case SQLITE_NOMEM: .takesTooMuchMemory
        case SQLITE_TOOBIG: .query("a value is larger than 1 MB", "make it in parts")
        default: .query(String(cString: sqlite3_errmsg(handle)))
        }
    }

    private func error(_ code: Int32, preparing sql: String) -> SpoolError {
        let words = String(cString: sqlite3_errmsg(handle))
        if wantsMore || words.contains("may not be") { return .onlyReads }
        guard code & 0xFF == SQLITE_ERROR else { return error(code) }
        var cause = words
        let offset = Int(puypuy_sqlite3_error_offset(handle))
        if offset >= 0, offset <= sql.utf8.count {
            let before = String(decoding: sql.utf8.prefix(offset), as: UTF8.self)
            cause += " (character \(before.unicodeScalars.count + 1))"
        }
        if words.contains("no such column") {
            let columns = modules.map { "\($0.name) has \($0.columnNames)" }
            return .query(cause, columns.joined(separator: "; "))
        }
        if words.contains("no such table") {
            return .query(cause, "there are \(modules.map(\.name).joined(separator: " and "))")
        }
        return .query(cause)
    }
}

extension SpoolError {
    static func query(_ cause: String, _ hint: String? = nil) -> SpoolError {
        SpoolError(.query, operation: "cannot run", subject: "the query", cause: cause, hint: hint)
    }

    static let onlyReads = query("spool query only reads", "a query is one SELECT")

    static let takesTooMuchMemory = query(
        "it takes more memory than it may have", "sort or group fewer rows, or narrow it by time")
}
