internal import Glibc
internal import Synchronization

/// The terminal while a command draws whole screens on it: without echo and line editing, on the
/// alternate screen, so that what was there before is there again afterwards.
///
/// It is given back at the end of the value, at exit(3), at every signal that ends the process, at a
/// crash, and while the process is stopped by Ctrl-Z.
final class LiveTerminal {
    /// What happened while a command waited.
    enum Event: Equatable {
        /// A key, as its first byte.
        case key(UInt8)
        /// The window has another size, or somebody else may have drawn on it.
        case redraw
        /// The process has to end, for this signal.
        case end(signal: Int32)
        /// Nothing.
        case timeout
    }

    private static let enter = "\u{1B}[?1049h\u{1B}[?25l"
    /// The signals that end the process; 128 and its number is then the exit code.
    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    private static let crashes = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT]

    private let readEnd: CInt

    /// Takes the terminal; `nil` when standard input and output are none.
    init?() {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return nil }
        let before = UnsafeMutablePointer<termios>.allocate(capacity: 1)
        guard tcgetattr(STDIN_FILENO, before) == 0 else {
            before.deallocate()
            return nil
        }
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            before.deallocate()
            return nil
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        signalPipe.store(ends[1], ordering: .releasing)
        // Kept for as long as the process lives: a handler may need it at any moment.
        savedMode.store(UInt(bitPattern: before), ordering: .releasing)
        for number in Self.endings + [SIGWINCH, SIGTSTP, SIGCONT] { signal(number, tellOfSignal) }
        for number in Self.crashes { signal(number, giveBackAndDie) }
        atexit { giveBack() }
        take()
    }

    deinit { giveBack() }

    /// Columns and rows of the window.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Draws `lines` from the top, each cut to the window.
    func draw(_ lines: [String]) {
        let (columns, rows) = size
        var text = "\u{1B}[H"
        for (row, line) in lines.prefix(rows).enumerated() {
            if row > 0 { text += "\n" }
            text += Self.cut(line, to: columns) + "\u{1B}[K"
        }
        Terminal.write(text + "\u{1B}[J")
    }

    /// Waits for a key or a signal, at most for `milliseconds`.
    func event(withinMilliseconds milliseconds: Int) -> Event {
        var sources = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
        ]
        let count = poll(&sources, 2, CInt(milliseconds))
        // A signal interrupts the waiting, and its byte is in the pipe then.
        if count <= 0 && errno != EINTR { return .timeout }
        var byte: UInt8 = 0
        if read(readEnd, &byte, 1) == 1 { return event(of: Int32(byte)) }
        if sources[0].revents == 0 { return .timeout }
        // A terminal that was hung up is at its end.
        return read(STDIN_FILENO, &byte, 1) == 1 ? .key(byte) : .end(signal: SIGHUP)
    }

    private func event(of number: Int32) -> Event {
        switch number {
        case SIGTSTP:
            giveBack()
            // The default of SIGTSTP, which a handler keeps from happening.
            kill(getpid(), SIGSTOP)
            return .redraw
        case SIGCONT:
            take()
            return .redraw
        case SIGWINCH: return .redraw
        default: return .end(signal: number)
        }
    }

    private func take() {
        guard let before = UnsafePointer<termios>(bitPattern: savedMode.load(ordering: .acquiring))
        else { return }
        var mode = before.pointee
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &mode)
        isTaken.store(true, ordering: .releasing)
        Terminal.write(Self.enter)
    }

    /// `line` in `columns` columns; escape sequences take none.
    static func cut(_ line: String, to columns: Int) -> String {
        var cut = ""
        var used = 0
        var isInSequence = false
        for character in line {
            if character == "\u{1B}" { isInSequence = true }
            if isInSequence {
                cut.append(character)
                if character == "m" { isInSequence = false }
                continue
            }
            used += 1
            if used <= columns { cut.append(character) }
        }
        return cut
    }
}

// What handlers of signals may touch: atomics, and functions that signal-safety(7) lists.

private let signalPipe = Atomic<Int32>(-1)
private let savedMode = Atomic<UInt>(0)
private let isTaken = Atomic<Bool>(false)
/// Shows the cursor and the screen of before.
private let leaving: StaticString = "\u{1B}[?25h\u{1B}[?1049l"

private func tellOfSignal(_ number: Int32) {
    var byte = UInt8(truncatingIfNeeded: number)
    let before = errno
    write(signalPipe.load(ordering: .acquiring), &byte, 1)
    errno = before
}

private func giveBack() {
    guard isTaken.exchange(false, ordering: .acquiringAndReleasing),
        let mode = UnsafePointer<termios>(bitPattern: savedMode.load(ordering: .acquiring))
    else { return }
    tcsetattr(STDIN_FILENO, TCSADRAIN, mode)
    write(STDOUT_FILENO, leaving.utf8Start, leaving.utf8CodeUnitCount)
}

private func giveBackAndDie(_ number: Int32) {
    giveBack()
    signal(number, SIG_DFL)
    raise(number)
}
