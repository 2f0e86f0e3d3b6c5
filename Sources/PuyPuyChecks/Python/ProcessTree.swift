internal import Glibc

/// The processes below one: proc_pid_task_children(5).
enum ProcessTree {
    /// The descendants of `pid` that are known to be there at the moment, wherever their process
    /// group is.
    static func descendants(of pid: pid_t) -> [pid_t] {
        var found: [pid_t] = []
        var next = [pid]
        // A bound, in case processes are made faster than they are looked at.
        while let parent = next.popLast(), found.count < 10_000 {
            let children = children(of: parent)
            found += children
            next += children
        }
        return found
    }

    /// The resident memory of `pid`, or `nil` when it is gone: proc_pid_statm(5).
    static func residentBytes(of pid: pid_t) -> Int? {
        guard let content = try? HostRoot("/").read("/proc/\(pid)/statm") else { return nil }
        var words = ByteWords(content[...])
        _ = words.next()
        return words.next().flatMap { Int($0.text) }.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
    }

    private static func children(of pid: pid_t) -> [pid_t] {
        let machine = HostRoot("/")
        guard let threads = try? machine.names(in: "/proc/\(pid)/task") else { return [] }
        return threads.flatMap { thread -> [pid_t] in
            let path = "/proc/\(pid)/task/\(thread)/children"
            guard let content = try? machine.read(path) else { return [] }
            var words = ByteWords(content[...])
            var children: [pid_t] = []
            while let word = words.next() {
                if let child = pid_t(word.text) { children.append(child) }
            }
            return children
        }
    }
}
