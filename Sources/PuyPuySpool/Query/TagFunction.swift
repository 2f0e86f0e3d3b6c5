internal import CSQLite
internal import PuyPuyCore

/// The function `tag(tags, key)` of queries: the value under a key, NULL without one.
enum TagFunction {
    /// Called by SQLite with two values.
    static func call(
        _ context: OpaquePointer, _ values: UnsafeMutablePointer<OpaquePointer?>
    ) {
        guard case .text(let tags) = QueryValue(values[0]!),
            case .text(let key) = QueryValue(values[1]!), let value = Tags(tags)?[key]
        else { return sqlite3_result_null(context) }
        QueryValue.text(value).give(to: context)
    }
}
