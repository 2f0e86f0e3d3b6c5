internal import Glibc

/// What a check is made from. While it stays the same, a reload lets the check run on undisturbed.
struct CheckIdentity: Sendable, Hashable {
    private enum Source: Hashable {
        case builtIn(EnabledCheck, rootPath: String)
        case program(EnabledProgram, file: String)
        case script(path: String)
    }

    private let source: Source
    private let interval: Duration

    /// A built-in check of the host at `rootPath`.
    init(_ check: EnabledCheck, rootPath: String) {
        // The same file may be named differently to people.
        var check = check
        check.file = ""
        source = .builtIn(check, rootPath: rootPath)
        interval = check.interval
    }

    /// A program of the checks folder. Another file makes another resident program; what a module's
    /// own file holds is the Python host's to notice.
    init(_ program: EnabledProgram) {
        var program = program
        program.file = ""
        let file = program.kind == .resident ? Self.file(program.path) : ""
        source = .program(program, file: file)
        interval = program.interval
    }

    /// A script, whose file is read anew with every run.
    init(script path: String, interval: Duration) {
        source = .script(path: path)
        self.interval = interval
    }

    /// What tells the file at `path` from one that was there before.
    static func file(_ path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "gone" }
        let time = status.st_mtim
        return "\(status.st_ino) \(time.tv_sec).\(time.tv_nsec) \(status.st_size) \(status.st_mode)"
    }
}
