internal import Foundation
public import Glibc

/// Ends a process that is no child of the test process, when the value goes or the test process
/// ends, however that ends.
public final class Leash {
    private let process: pid_t
    private let watchdog: ChildProcess

    /// Holds `process`, which it kills (SIGKILL) in the end.
    public init(_ process: pid_t) throws(TestSupportError) {
        self.process = process
        // A grandchild, which outlives the test process long enough to see that it is gone.
        let script = """
            (while kill -0 "$1" 2>/dev/null; do
                kill -0 "$2" 2>/dev/null || exit 0
                sleep 1
            done; kill -KILL "$2") &
            """
        watchdog = try ChildProcess(
            "/bin/sh", ["-c", script, "leash", "\(getpid())", "\(process)"])
        _ = watchdog.waitForEnd(within: .seconds(60))
    }

    deinit { kill(process, SIGKILL) }
}
