import Foundation
import TestSupport
import Testing

/// What the program costs. These look at the release program, which `make test` builds; without it
/// there is nothing to measure.
@Suite(.enabled(if: Installation.releaseProgram != nil), .timeLimit(.minutes(10)))
struct FootprintTests {
    private func kib(_ key: String, of pid: pid_t) -> Int? {
        readText("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix(key) }?
            .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    @Test func `the stripped program is under 32 MB`() throws {
        let program = try #require(Installation.releaseProgram)
        var status = stat()
        #expect(stat(program, &status) == 0)
        #expect(status.st_size < 32 << 20, "\(status.st_size) bytes")
    }

    /// An hour of runs at 10 s is 360 of each check; here they come every 0.1 s.
    @Test func `after an hour's worth of runs memory is small`() throws {
        let puypuy = try Installation.shipped()
        puypuy.program = try #require(Installation.releaseProgram)
        let path = puypuy.path + "/config.ini"
        let shipped = readText(path)
        let quick = shipped.replacingOccurrences(
            of: "check_period_seconds: 10", with: "check_period_seconds: 0.1")
        try #require(quick != shipped)
        try quick.write(toFile: path, atomically: false, encoding: .utf8)
        try puypuy.start()
        #expect(
            eventually(within: .seconds(120)) {
                let runs = (try? puypuy.inspect().checks.map(\.runs)) ?? []
                return runs.count == 8 && runs.allSatisfy { $0 >= 360 }
            }, "\(puypuy.log)")
        let anonymous = try #require(kib("RssAnon:", of: puypuy.daemonPid))
        let resident = try #require(kib("VmRSS:", of: puypuy.daemonPid))
        #expect(anonymous < 10 << 10, "RssAnon is \(anonymous) KiB")
        #expect(resident < 32 << 10, "RSS is \(resident) KiB")
        print("footprint: RssAnon \(anonymous) KiB, RSS \(resident) KiB")
        #expect(puypuy.stop() == 0)
    }
}
