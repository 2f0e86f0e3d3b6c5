import TestSupport
import Testing

@testable import PuyPuyAgent

struct ProgramPagesTests {
    @Test func `only the program's own code is let go of`() {
        let maps = """
            55d0-55d8 r--p 00000000 fe:00 12   /usr/bin/puy puy
            55e0-56f0 r-xp 00002000 fe:00 12   /usr/bin/puy puy
            5700-5710 rw-p 00002000 fe:00 12   /usr/bin/puy puy
            5800-5900 rw-p 00000000 00:00 0    [heap]
            7f00-7f10 r-xp 00000000 fe:00 13   /usr/lib/libc.so.6
            7f20-7f30 r-xp 00000000 00:00 0
            broken r-xp 0 0 0 /usr/bin/puy puy

            """
        #expect(ProgramPages.ranges(in: maps) == [0x55E0..<0x56F0])
        #expect(ProgramPages.ranges(in: "") == [])
    }

    @Test func `a program that lets go of its code runs on`() {
        let own = ProgramPages.ranges(in: readText("/proc/self/maps"))
        #expect(own.count == 1 && own[0].count > 4_096)
        for _ in 0..<3 { ProgramPages.release() }
        #expect(ProgramPages.ranges(in: readText("/proc/self/maps")) == own)
    }
}
