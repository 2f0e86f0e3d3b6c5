internal import Glibc
internal import SystemPackage

/// Starts a program that stays, with descriptors of its own, as the leader of a process group.
///
/// Programs that are run for their output are ``ChildProcess``es.
enum GroupLeader {
    /// A descriptor of this process, and the number that the child has it under.
    struct Passed {
        let own: CInt
        let number: CInt
    }

    /// Starts the program whose path is the first of `words`, with the environment and default
    /// signals of a script. Its standard input is empty unless one is passed. Returns its process,
    /// which the caller reaps.
    static func start(_ words: [String], passing passed: [Passed]) throws(ChecksError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for one in passed { posix_spawn_file_actions_adddup2(&actions, one.own, one.number) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] =
            ChildProcess.variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in arguments + environment { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &environment)
        guard code == 0 else { throw ChildProcess.startFailure(of: words[0], code: code) }
        return pid
    }

    /// Lets the kernel send SIGIO, whose default is to end, to the group of `leader` when the other
    /// end of the pipe `reading` closes: when this process is gone, in whatever way. It holds for
    /// as long as the group has the pipe open. F_SETOWN in fcntl(2).
    static func end(_ leader: pid_t, whenClosed reading: CInt) {
        _ = fcntl(reading, F_SETOWN, -leader)
        _ = fcntl(reading, F_SETFL, fcntl(reading, F_GETFL) | O_ASYNC)
    }

    /// How a leader that was reaped with `status` had ended, in words.
    static func words(status: CInt) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "exit status \((status >> 8) & 0xFF)" : words(signal: signal)
    }

    /// The end by a signal, in words.
    static func words(signal: CInt) -> String {
        "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
    }
}
