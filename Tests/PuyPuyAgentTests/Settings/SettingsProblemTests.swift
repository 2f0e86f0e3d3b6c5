import PuyPuyAgent
import Testing

@Suite struct SettingsProblemTests {
    @Test func `a problem is one line with all that is known`() {
        let problem = SettingsProblem(
            .warning, file: "config.ini", line: 3, section: "TSDB", key: "gzip", found: "a\nb",
            message: "not understood", expected: "yes or no", hint: "write yes")
        #expect(
            problem.description
                == "config.ini:3: warning: [TSDB] gzip: \"a\\nb\": not understood; expected yes or "
                + "no; write yes")
    }

    @Test func `what is not known is left out`() {
        #expect(
            SettingsProblem(.error, file: "", message: "nothing there").description
                == "nothing there")
        #expect(SettingsProblem(.error, file: "f", message: "empty").description == "f: empty")
    }
}
