import Testing

@testable import PuyPuyChecks

struct FaultTracebackTests {
    @Test func `the innermost line of a module is the place, whatever it called`() {
        let hang = FaultTraceback(
            """
            Current thread 0x00007f (most recent call first):
              File "/usr/lib/python3.11/socket.py", line 5 in recv
              File "/x/check_a.py", line 3 in f
              File "/x/check_a.py", line 9 in runcheck
              File "<puypuy modules.py>", line 1 in call
              File "<string>", line 27 in <module>
            """)
        #expect(hang.place == "/x/check_a.py line 3 in f")
        #expect(!hang.text.contains("<puypuy") && !hang.text.contains("<string>"))
        let exit = FaultTraceback(
            """
            os._exit(3)
              File "<puypuy main.py>", line 1, in handle
                host()
              File "/x/check_a.py", line 9, in runcheck
                f()
              File "/x/check_a.py", line 3, in f
                os._exit(3)
            """)
        #expect(exit.head == "os._exit(3)")
        #expect(exit.place == "/x/check_a.py line 3 in f")
        #expect(!exit.text.contains("host()"))
    }

    @Test func `nothing is known of nothing`() {
        #expect(FaultTraceback("").place == nil)
    }
}
