internal import Glibc

/// What the first line of a script says should run it: execve(2), "Interpreter scripts".
struct Interpreter: Equatable {
    /// What keeps a script from being started, and what to do about it.
    struct Problem: Equatable {
        /// Why.
        let cause: String
        /// The remedy.
        let hint: String
    }

    /// The line behind `#!`, or `nil` when the file does not begin so.
    let line: String?

    /// The interpreter that the file at `path` names.
    init(ofScript path: String) {
        let beginning = (try? HostRoot("/").read(path))?.prefix(256) ?? []
        self.init(beginning: beginning)
    }

    /// The interpreter that a file with this beginning names.
    init(beginning: ArraySlice<UInt8>) {
        var lines = ByteLines(beginning)
        guard beginning.begins(with: "#!"), let first = lines.next() else {
            line = nil
            return
        }
        line = first.dropFirst(2).text
    }

    /// Why the script could not be started, when the interpreter is the reason; `startError` is
    /// the errno of the attempt.
    func problem(startError: Int32?) -> Problem? {
        guard let line else {
            guard startError == ENOEXEC else { return nil }
            return Problem(
                cause: "it has no first line that names an interpreter",
                hint: "begin it with a line such as #!/bin/sh")
        }
        if line.hasSuffix("\r") {
            return Problem(
                cause: "its first line ends in a carriage return",
                hint: "save it with Unix line ends: sed -i 's/\\r$//' does it")
        }
        guard let program = line.split(separator: " ").first.map(String.init) else { return nil }
        guard access(program, X_OK) != 0 else { return nil }
        return Problem(
            cause: "its interpreter \(program) is missing or not executable",
            hint: "install \(program), or correct the first line")
    }
}
