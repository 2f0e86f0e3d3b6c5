internal import Glibc

/// What the standard streams are, and how to write to them.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard error is a terminal, on which progress can be drawn.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal; 80 when there is none.
    static var width: Int {
        var size = winsize()
        guard isInteractive, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20
        else { return 80 }
        return Int(size.ws_col)
    }

    /// Whether to colour: a terminal, and NO_COLOR is not set (no-color.org).
    static var hasColours: Bool {
        isInteractive && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
            && getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// `text` in `style` where colours are wanted.
    static func styled(_ text: String, _ style: Style) -> String {
        hasColours ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// SGR parameters of ECMA-48.
    enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    /// Writes to standard output without a line end, at once.
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func errorText(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Draws `text` over the last line of standard error, which is a terminal.
    static func errorStatus(_ text: String) { write("\r\u{1B}[K" + text, to: STDERR_FILENO) }

    /// Writes bytes to standard output.
    static func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) }
    }

    private static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            // The reader of a pipe is gone: nobody is interested in the rest.
            if count <= 0 { _exit(errno == EPIPE ? 0 : 1) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    /// Writes a failure to standard error, named as such.
    static func error(_ text: String) { errorText("puypuy: \(text)") }
}
