public import Glibc

/// Who writes a spool.
public enum SpoolHolder {
    /// The process that has the spool at `path`, which is its daemon or a command that changes it; `nil`
    /// when none has. Zero when a process has it that did not say who it is.
    ///
    /// Nothing is taken or made. Throws when this user may not know.
    public static func process(ofSpoolAt path: String) throws(SpoolError) -> pid_t? {
        try SpoolLock.holder(ofSpoolAt: path)
    }

    /// Bytes that the file system of `path` has left for its user; `nil` when it does not say.
    public static func freeBytes(at path: String) -> Int64? { PuyPuySpool.freeBytes(at: path) }
}
