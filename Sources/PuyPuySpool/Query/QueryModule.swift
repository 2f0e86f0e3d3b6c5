internal import CSQLite
internal import Glibc

/// Makes a ``QueryTable`` a table of SQLite's: sqlite.org/vtab.html.
///
/// The table exists in every connection that it is registered with, without a schema. SQLite is given
/// nothing to write with. The memory of the table and of the functions is the module's: it has to
/// outlive the connection.
final class QueryModule {
    private let table: any QueryTable
    /// The table's name.
    let name: String
    private let columns: [(name: String, type: String)]
    private let functions: UnsafeMutablePointer<sqlite3_module>

    init<Table: QueryTable>(_ table: Table) {
        self.table = table
        name = Table.name
        columns = Table.columns
        functions = .allocate(capacity: 1)
        functions.initialize(to: Self.functions())
    }

    deinit { functions.deallocate() }

    /// Registers the table with a connection. Returns SQLite's code.
    func register(_ database: OpaquePointer) -> Int32 {
        let context = Unmanaged.passUnretained(self).toOpaque()
        return sqlite3_create_module_v2(database, name, functions, context, nil)
    }

    /// The names of the columns, for people.
    var columnNames: String { columns.map(\.name).joined(separator: ", ") }

    // MARK: What SQLite calls

    private static func functions() -> sqlite3_module {
        var module = sqlite3_module()
        module.xConnect = { database, context, _, _, made, _ in
            let module = Unmanaged<QueryModule>.fromOpaque(context!).takeUnretainedValue()
            return module.connect(database!, made!)
        }
        module.xDisconnect = { table in
            table?.withMemoryRebound(to: puypuy_sqlite3_vtab.self, capacity: 1) {
                $0.deallocate()
            }
            return SQLITE_OK
        }
        module.xBestIndex = { table, info in
            QueryModule.of(table!).plan(info!)
            return SQLITE_OK
        }
        module.xOpen = { table, made in
            let cursor = Unmanaged.passRetained(Box(QueryModule.of(table!).table.makeCursor()))
            let memory = UnsafeMutablePointer<puypuy_sqlite3_cursor>.allocate(capacity: 1)
            memory.initialize(
                to: puypuy_sqlite3_cursor(
                    base: sqlite3_vtab_cursor(pVtab: table), cursor: cursor.toOpaque()))
            made!.pointee = UnsafeMutableRawPointer(memory)
                .assumingMemoryBound(to: sqlite3_vtab_cursor.self)
            return SQLITE_OK
        }
        module.xClose = { cursor in
            cursor!.withMemoryRebound(to: puypuy_sqlite3_cursor.self, capacity: 1) {
                Unmanaged<Box>.fromOpaque($0.pointee.cursor).release()
                $0.deallocate()
            }
            return SQLITE_OK
        }
        module.xFilter = { cursor, _, plan, count, values in
            QueryModule.attempt(cursor!) { (cursor) throws(SpoolError) in
                try cursor.begin(QueryModule.conditions(plan, Int(count), values))
            }
        }
        module.xNext = { cursor in
            QueryModule.attempt(cursor!) { (cursor) throws(SpoolError) in try cursor.advance() }
        }
        module.xEof = { cursor in QueryModule.cursor(cursor!).isAtEnd ? 1 : 0 }
        module.xColumn = { cursor, context, column in
            QueryModule.cursor(cursor!).value(Int(column)).give(to: context!)
            return SQLITE_OK
        }
        module.xRowid = { cursor, number in
            number!.pointee = QueryModule.cursor(cursor!).rowNumber
            return SQLITE_OK
        }
        return module
    }

    /// A class, for ``Unmanaged``.
    private final class Box {
        let cursor: any QueryCursor
        init(_ cursor: any QueryCursor) { self.cursor = cursor }
    }

    private static func of(_ table: UnsafeMutablePointer<sqlite3_vtab>) -> QueryModule {
        table.withMemoryRebound(to: puypuy_sqlite3_vtab.self, capacity: 1) {
            Unmanaged<QueryModule>.fromOpaque($0.pointee.table).takeUnretainedValue()
        }
    }

    private static func cursor(
        _ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>
    ) -> any QueryCursor {
        cursor.withMemoryRebound(to: puypuy_sqlite3_cursor.self, capacity: 1) {
            Unmanaged<Box>.fromOpaque($0.pointee.cursor).takeUnretainedValue().cursor
        }
    }

    private static func attempt(
        _ handle: UnsafeMutablePointer<sqlite3_vtab_cursor>,
        _ body: (any QueryCursor) throws(SpoolError) -> Void
    ) -> Int32 {
        do {
            try body(cursor(handle))
            return SQLITE_OK
        } catch {
            of(handle.pointee.pVtab).table.note(error)
            return SQLITE_ERROR
        }
    }

    private func connect(
        _ database: OpaquePointer,
        _ made: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>
    ) -> Int32 {
        let declared = columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
        let code = sqlite3_declare_vtab(database, "CREATE TABLE x (\(declared))")
        guard code == SQLITE_OK else { return code }
        let memory = UnsafeMutablePointer<puypuy_sqlite3_vtab>.allocate(capacity: 1)
        memory.initialize(
            to: puypuy_sqlite3_vtab(
                base: sqlite3_vtab(), table: Unmanaged.passUnretained(self).toOpaque()))
        made.pointee = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: sqlite3_vtab.self)
        return SQLITE_OK
    }

    /// Chooses the conditions that are handed to a cursor. The plan is a text, two bytes for each: the
    /// column as a letter, and the comparison.
    private func plan(_ info: UnsafeMutablePointer<sqlite3_index_info>) {
        var chosen: [(column: Int, comparison: QueryCondition.Comparison)] = []
        var plan: [CChar] = []
        for index in 0..<Int(info.pointee.nConstraint) {
            let constraint = info.pointee.aConstraint[index]
            let column = Int(constraint.iColumn)
            guard constraint.usable != 0, columns.indices.contains(column),
                let comparison = Self.comparison(constraint.op),
                table.uses(comparison, on: column),
                // An IN would have the table read once for each of its values.
                puypuy_sqlite3_is_in(info, Int32(index)) == 0,
                // Bytes that are not equal may be so without regard to case.
                strcmp(sqlite3_vtab_collation(info, Int32(index)), "BINARY") == 0
            else { continue }
            chosen.append((column, comparison))
            info.pointee.aConstraintUsage[index].argvIndex = Int32(chosen.count)
            plan += [CChar(column) + 0x41, CChar(comparison.rawValue)]
        }
        info.pointee.idxStr = puypuy_sqlite3_copy(plan + [0])
        info.pointee.needToFreeIdxStr = 1
        info.pointee.estimatedCost = table.cost(chosen)
        info.pointee.estimatedRows = Int64(table.cost(chosen))
    }

    private static func comparison(_ operation: UInt8) -> QueryCondition.Comparison? {
        switch Int32(operation) {
        case SQLITE_INDEX_CONSTRAINT_EQ: .equal
        case SQLITE_INDEX_CONSTRAINT_GT: .greater
        case SQLITE_INDEX_CONSTRAINT_LT: .less
        case SQLITE_INDEX_CONSTRAINT_GE: .atLeast
        case SQLITE_INDEX_CONSTRAINT_LE: .atMost
        default: nil
        }
    }

    private static func conditions(
        _ plan: UnsafePointer<CChar>?, _ count: Int,
        _ values: UnsafeMutablePointer<OpaquePointer?>?
    ) -> [QueryCondition] {
        guard let plan, let values else { return [] }
        return (0..<count).map { index in
            QueryCondition(
                column: Int(plan[2 * index]) - 0x41,
                comparison: QueryCondition.Comparison(rawValue: UInt8(plan[2 * index + 1]))!,
                value: QueryValue(values[index]!))
        }
    }
}

extension QueryValue {
    /// A `sqlite3_value`.
    init(_ value: OpaquePointer) {
        switch sqlite3_value_type(value) {
        case SQLITE_INTEGER: self = .integer(sqlite3_value_int64(value))
        case SQLITE_FLOAT: self = .real(sqlite3_value_double(value))
        case SQLITE_TEXT:
            let bytes = UnsafeBufferPointer(
                start: sqlite3_value_text(value), count: Int(sqlite3_value_bytes(value)))
            self = .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let bytes = UnsafeRawBufferPointer(
                start: sqlite3_value_blob(value), count: Int(sqlite3_value_bytes(value)))
            self = .blob(Array(bytes))
        default: self = .null
        }
    }

    /// Makes it the result of a function or a column.
    func give(to context: OpaquePointer) {
        switch self {
        case .null: sqlite3_result_null(context)
        case .integer(let integer): sqlite3_result_int64(context, integer)
        case .real(let double): sqlite3_result_double(context, double)
        case .text(var text):
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    puypuy_sqlite3_result_text(context, $0.baseAddress, UInt64($0.count))
                }
            }
        case .blob(let bytes):
            bytes.withUnsafeBytes {
                puypuy_sqlite3_result_blob(context, $0.baseAddress, UInt64($0.count))
            }
        }
    }
}
