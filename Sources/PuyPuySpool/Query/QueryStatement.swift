internal import CSQLite

/// The statement of a query. Belongs to its connection, and to the connection's thread.
final class QueryStatement {
    private let handle: OpaquePointer
    private let connection: QueryConnection

    init(_ handle: OpaquePointer, connection: QueryConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    /// The names of the columns, in their order.
    var columns: [String] {
        (0..<sqlite3_column_count(handle)).map { String(cString: sqlite3_column_name(handle, $0)) }
    }

    /// The next row; `nil` when there is none.
    func next() throws(SpoolError) -> [QueryValue]? {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW:
            return (0..<sqlite3_column_count(handle)).map(value)
        case SQLITE_DONE: return nil
        default: throw connection.error(code)
        }
    }

    private func value(_ column: Int32) -> QueryValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            let text = sqlite3_column_text(handle, column)
            let count = Int(sqlite3_column_bytes(handle, column))
            return .text(
                String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let bytes = sqlite3_column_blob(handle, column)
            let count = Int(sqlite3_column_bytes(handle, column))
            return .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        default: return .null
        }
    }
}
