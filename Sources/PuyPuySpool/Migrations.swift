/// The numbered steps that bring a spool's schema to this program's version: the files of
/// `migrations/`, compiled in. Forward only, one transaction each; `user_version` counts them.
enum Migrations {
    /// The SQL of each version, from 1.
    static let all: [String] = [
        String(decoding: PackageResources._001_create_spool_sql, as: UTF8.self),
        String(decoding: PackageResources._002_create_salvaged_sql, as: UTF8.self),
    ]

    /// The version that this program reads and writes.
    static var current: Int64 { Int64(all.count) }

    /// Brings the file of `connection` up to ``current``. A newer file is refused, untouched.
    static func migrate(_ connection: Connection) throws(SpoolError) {
        try check(connection)
        for (index, sql) in all.enumerated().dropFirst(Int(try version(connection))) {
            try connection.transaction { () throws(SpoolError) in
                try connection.execute(sql)
                try connection.execute("PRAGMA user_version = \(index + 1)")
            }
        }
    }

    /// Throws when the file is newer than this program.
    static func check(_ connection: Connection) throws(SpoolError) {
        let version = try version(connection)
        guard version <= current else {
            throw SpoolError(
                .newer, operation: "cannot use", subject: connection.path,
                cause: "its schema version is \(version), this program knows \(current)",
                hint: "run the PuyPuy release that wrote it, or a later one")
        }
    }

    /// Throws unless the file is of this program's version: a reader brings nothing up to date.
    static func checkIsCurrent(_ connection: Connection) throws(SpoolError) {
        try check(connection)
        let version = try version(connection)
        guard version == current else {
            throw SpoolError(
                operation: "cannot read", subject: connection.path,
                cause: version == 0
                    ? "the spool is not set up yet"
                    : "its schema version is \(version), this program reads \(current)",
                hint: "start the daemon, which brings it up to date, and try again")
        }
    }

    static func version(_ connection: Connection) throws(SpoolError) -> Int64 {
        try connection.integer("PRAGMA user_version")
    }
}
