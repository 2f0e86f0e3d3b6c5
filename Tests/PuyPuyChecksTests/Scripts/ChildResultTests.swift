import Testing

@testable import PuyPuyChecks

struct ChildResultTests {
    private func problem(_ end: ChildResult.End, errors: String = "") -> String? {
        ChildResult(output: [], errors: Array(errors.utf8), end: end).problem
    }

    @Test func `success is no problem, whatever was written to standard error`() {
        #expect(problem(.exited(0), errors: "warning\n") == nil)
    }

    @Test func `failures are told with the last words`() {
        #expect(problem(.exited(2)) == "exit status 2")
        #expect(problem(.exited(2), errors: "a\nb\n\n") == "exit status 2: b")
        #expect(problem(.exited(127)) == "exit status 127 (command not found)")
        #expect(problem(.signalled(9)) == "killed by signal 9 (Killed)")
    }

    @Test func `control bytes of standard error do not reach the log`() {
        let result = ChildResult(
            output: [], errors: Array("\u{1b}[31mred\r\n   \n".utf8), end: .exited(1))
        #expect(result.errorLines == ["?[31mred"])
    }
}
