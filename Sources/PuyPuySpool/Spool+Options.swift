extension Spool {
    /// Takes over the limits, the retention and the durability of `wanted`, from the next commit on.
    /// The path stays what it is: another file takes another spool.
    ///
    /// Nothing changes when it throws.
    public func change(_ wanted: SpoolOptions) throws(SpoolError) {
        guard !isClosed else { throw .closed(options.path) }
        var wanted = wanted
        wanted.path = options.path
        if wanted == options { return }
        if wanted.durability != options.durability {
            try connection.execute(wanted.durability.pragma)
        }
        options = wanted
        room.change(wanted)
    }
}

extension Durability {
    /// What makes SQLite's commits survive what this says: https://sqlite.org/pragma.html#pragma_synchronous.
    var pragma: String { "PRAGMA synchronous = \(self == .full ? "FULL" : "NORMAL")" }
}
