internal import Glibc
internal import Synchronization

/// Signals that come while the daemon starts: they are kept until somebody listens, instead of ending
/// the process in the middle. A spool that takes long to open is waited for.
public enum EarlySignals {
    private static let numbers = [SIGTERM, SIGINT, SIGHUP, SIGUSR1]

    /// Keeps signals from now on. Call it before the configuration is read, so that a SIGHUP that
    /// comes after that is not lost.
    public static func keep() {
        for number in numbers {
            signal(number) { number in
                kept.bitwiseOr(UInt64(1) << UInt64(number), ordering: .acquiringAndReleasing)
            }
        }
    }

    /// Sends the kept ones to this process again, which listens to them now.
    static func release() {
        let set = kept.exchange(0, ordering: .acquiringAndReleasing)
        for number in numbers where set & (UInt64(1) << UInt64(number)) != 0 {
            kill(getpid(), number)
        }
    }
}

/// A bit for each signal that came.
private let kept = Atomic<UInt64>(0)
