import Glibc

/// What the fault writer says on its standard output: one line with one write(2) for each thing that
/// is known to have happened, so that what was written before a fault was known before it.
///
///     A writer run                       the run was appended, durably
///     B writer run                       it waits in memory
///     D writer run                       points were dropped to make room in memory
///     P backend first last writer:run …  these batches, which hold these runs, will be acknowledged
///     K backend first last               they are
///     F backend first last               the acknowledgement failed
///     L points                           the spool was closed; so many points were not committed
///     X words                            the spool could not be opened
enum Report {
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(1, bytes, bytes.count)
    }
}
