internal import Glibc
internal import Subprocess

/// What a child left behind.
struct ChildResult: Sendable {
    /// How a child ended.
    enum End: Sendable, Equatable {
        /// With this status; 0 is success.
        case exited(Int32)
        /// By this signal.
        case signalled(Int32)
        /// It was killed because it printed more than it may.
        case tooMuchOutput(limitBytes: Int)
    }

    /// Its standard output, up to the limit.
    let output: [UInt8]
    /// Its standard error, up to the limit.
    let errors: [UInt8]
    /// How it ended.
    let end: End

    /// What went wrong, with the last line of standard error, or `nil` after a success.
    var problem: String? {
        let words: String
        switch end {
        case .exited(0): return nil
        case .exited(126): words = "exit status 126 (not executable)"
        case .exited(127): words = "exit status 127 (command not found)"
        case .exited(let status): words = "exit status \(status)"
        case .signalled(let signal):
            words = "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
        case .tooMuchOutput(let limitBytes):
            return "killed because it printed more than \(limitBytes) bytes"
        }
        guard let last = errorLines.last else { return words }
        return "\(words): \(last)"
    }

    /// The lines of standard error that are not blank, control bytes as `?`, 200 characters each.
    var errorLines: [String] { OutputLines.printable(errors) }
}

extension ChildResult.End {
    /// The end as the system told it.
    init(_ status: TerminationStatus) {
        switch status {
        case .exited(let code): self = .exited(code)
        case .signaled(let signal): self = .signalled(signal)
        }
    }
}
