internal import Glibc

/// How the descriptors that the system lets this process have are shared out, so that no part takes
/// what another needs: a crowd at the web server must not keep a check from reading its file.
struct DescriptorShares {
    /// What the spool, its readers, the senders, signals and the log need.
    private static let base = 44
    /// What the run of a script needs: pipes, its process, and what starting it takes for a moment.
    private static let perRun = 10

    /// The checks that run at a time.
    let runs: Int
    /// The connections of the web server at a time, and those of the control socket.
    let connections: Int

    /// The shares of so many descriptors. With few of them one check runs at a time.
    init(of limit: Int) {
        connections = min(max(limit / 8, 4), 64)
        runs = min(max((limit - Self.base - connections) / Self.perRun, 1), 16)
    }

    /// The shares of the soft limit RLIMIT_NOFILE, getrlimit(2).
    static var ofThisProcess: DescriptorShares {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
            return DescriptorShares(of: 1_024)
        }
        return DescriptorShares(of: Int(min(limits.rlim_cur, 1 << 20)))
    }
}
