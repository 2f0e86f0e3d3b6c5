internal import CSQLite
internal import PuyPuyCore

/// A prepared statement. Belongs to its connection, and to the connection's thread.
final class Statement {
    private let handle: OpaquePointer
    private unowned let connection: Connection

    init(_ handle: OpaquePointer, connection: Connection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    /// Binds the parameter with the number `index`, from 1.
    @discardableResult
    func bind(_ index: Int32, _ integer: Int64) -> Statement {
        sqlite3_bind_int64(handle, index, integer)
        return self
    }

    /// Binds an integer, or NULL.
    @discardableResult
    func bindOptional(_ index: Int32, _ integer: Int64?) -> Statement {
        if let integer { return bind(index, integer) }
        sqlite3_bind_null(handle, index)
        return self
    }

    /// Binds text, or NULL.
    @discardableResult
    func bind(_ index: Int32, _ text: String?) -> Statement {
        if let text {
            var text = text
            _ = text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    puypuy_sqlite3_bind_text(handle, index, $0.baseAddress, UInt64($0.count))
                }
            }
        } else {
            sqlite3_bind_null(handle, index)
        }
        return self
    }

    /// Binds bytes.
    @discardableResult
    func bind(_ index: Int32, _ bytes: [UInt8]) -> Statement {
        _ = bytes.withUnsafeBytes {
            puypuy_sqlite3_bind_blob(handle, index, $0.baseAddress, UInt64($0.count))
        }
        return self
    }

    /// Binds a value as REAL or INTEGER.
    @discardableResult
    func bind(_ index: Int32, _ value: Value) -> Statement {
        switch value {
        case .double(let double): sqlite3_bind_double(handle, index, double)
        case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
        }
        return self
    }

    /// Steps to the next row; false when there is none. A failure resets the statement.
    func step() throws(SpoolError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = connection.error(code, "cannot use")
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that returns no rows.
    func run() throws(SpoolError) {
        _ = try step()
        reset()
    }

    /// Ends the statement's part in the read transaction.
    func reset() { sqlite3_reset(handle) }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// A REAL or INTEGER column.
    func value(_ column: Int32) -> Value {
        sqlite3_column_type(handle, column) == SQLITE_INTEGER
            ? .integer(sqlite3_column_int64(handle, column))
            : .double(sqlite3_column_double(handle, column))
    }

    /// Lends the bytes of a BLOB column; they are gone after the next step or reset.
    func withBlob<Result>(
        _ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let count = Int(sqlite3_column_bytes(handle, column))
        return body(
            UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, column), count: count))
    }
}
