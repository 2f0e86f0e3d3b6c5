internal import Glibc
internal import Synchronization

/// The permission to start a child, for as long as it takes: that there are descriptors for it.
///
/// The library that starts children ends this process when descriptors run out halfway (as of
/// swift-subprocess 1.0: a pipe that was made for a start that failed is a fatal error). So a start
/// that may not succeed is not begun. Others that start at the same moment are reckoned with.
final class StartPermit: Sendable {
    /// What a start opens: three ends of the child's and three of ours, a pipe for the error of
    /// exec(3), and the process.
    private static let descriptorsPerStart = 10
    /// What other threads may open meanwhile.
    private static let spare = 6

    private static let starting = Mutex(0)
    private let isGiven = Mutex(false)

    /// The permission to start the program at `path`. Throws when descriptors are short.
    init(toStart path: String) throws(ChecksError) {
        guard let limit = StartPermit.limit, let open = StartPermit.openDescriptors else { return }
        let isEnough = StartPermit.starting.withLock { starting in
            let needed = (starting + 1) * StartPermit.descriptorsPerStart + StartPermit.spare
            guard limit - open >= needed else { return false }
            starting += 1
            return true
        }
        guard isEnough else {
            isGiven.withLock { $0 = true }
            throw ChecksError(
                operation: "run", subject: path,
                cause: "too many open files: \(open) of \(limit)",
                hint: "raise LimitNOFILE, or ulimit -n")
        }
    }

    deinit { give() }

    /// The child has started, or cannot be.
    func give() {
        let wasGiven = isGiven.withLock { isGiven in
            defer { isGiven = true }
            return isGiven
        }
        if !wasGiven { StartPermit.starting.withLock { $0 -= 1 } }
    }

    /// As many descriptors this process may have; `nil` when that is not known or without limit.
    private static var limit: Int? {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0,
            limits.rlim_cur < 1 << 20
        else { return nil }
        return Int(limits.rlim_cur)
    }

    /// As many it has; `nil` without /proc. None is left when the folder cannot be opened for lack of
    /// one.
    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return errno == EMFILE ? .max / 2 : nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Not the two names of folders, and not the one that is open for this.
        return count - 3
    }
}
