/// A value of SQL.
public enum QueryValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// A condition on a column that a table can use to read less. SQLite tests every row again, so a
/// table may use less of it than it says, and never more.
struct QueryCondition {
    enum Comparison: UInt8 {
        case equal = 0x3D
        case greater = 0x3E
        case less = 0x3C
        /// Greater or equal.
        case atLeast = 0x67
        /// Less or equal.
        case atMost = 0x6C
    }

    let column: Int
    let comparison: Comparison
    let value: QueryValue
}

/// A table that queries read: its columns, and cursors over its rows.
protocol QueryTable: AnyObject {
    /// Its name.
    static var name: String { get }
    /// Its columns, with their types.
    static var columns: [(name: String, type: String)] { get }

    /// Whether conditions of this kind on `column` let it read less.
    func uses(_ comparison: QueryCondition.Comparison, on column: Int) -> Bool
    /// What reading costs with such conditions, in rows.
    func cost(_ conditions: [(column: Int, comparison: QueryCondition.Comparison)]) -> Double
    /// A cursor, before its first row is looked for.
    func makeCursor() -> any QueryCursor
    /// A cursor failed: it is the cause of what SQLite says next.
    func note(_ failure: SpoolError)
}

/// A place in the rows of a table.
protocol QueryCursor: AnyObject {
    /// Whether there is no row.
    var isAtEnd: Bool { get }
    /// Goes to the first row that `conditions` do not rule out.
    func begin(_ conditions: [QueryCondition]) throws(SpoolError)
    /// Goes to the next row.
    func advance() throws(SpoolError)
    /// The number of the row, the same in every cursor: SQLite joins rows that several conditions
    /// found by it.
    var rowNumber: Int64 { get }
    /// The value in a column of the row.
    func value(_ column: Int) -> QueryValue
}
