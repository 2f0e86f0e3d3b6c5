import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct LogRotationTests {
    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.path + "/puypuy.log"
    }

    /// 2026-11-23T20:15:03Z
    private static let startNs: Int64 = 1_795_464_903_000_000_000

    private func output(
        _ clock: ManualClock, seconds: Int64 = 3600, backups: Int = 2
    ) -> LogOutput {
        LogOutput(
            LogConfiguration(
                file: path,
                rotation: LogRotation(period: .seconds(seconds), backups: backups)),
            clock: LogOutput.Clock(wallNs: { clock.nowNs }, bootNs: { clock.nowNs }))
    }

    private func write(_ text: String, to output: LogOutput) {
        Logger(label: "test") { LineLogHandler(component: $0, output: output) }
            .info(Logger.Message(stringLiteral: text))
    }

    private func rotated() -> [String] {
        names(inDirectory: folder.path).filter { $0 != "puypuy.log" }.sorted()
    }

    @Test func `a file goes after the period, under the time of its first line`() throws {
        let clock = ManualClock(Self.startNs)
        let output = output(clock)
        write("one", to: output)
        clock.advance(seconds: 3599)
        write("two", to: output)
        #expect(rotated() == [])
        clock.advance(seconds: 1)
        write("three", to: output)
        #expect(rotated() == ["puypuy.log.2026-11-23_20-15-03"])
        #expect(readText(folder.path + "/puypuy.log.2026-11-23_20-15-03").hasSuffix("two\n"))
        #expect(readText(path).hasSuffix("three\n"))
        #expect(readText(path).split(separator: "\n").count == 1)
    }

    @Test func `so many stay, the newest ones, and nothing else is touched`() throws {
        try folder.write("puypuy.log.1.gz", "logrotate's")
        try folder.write("puypuy.log.2026-11-23", "somebody's")
        let clock = ManualClock(Self.startNs)
        let output = output(clock, seconds: 60)
        for number in 0..<6 {
            write("\(number)", to: output)
            clock.advance(seconds: 60)
        }
        #expect(
            rotated() == [
                "puypuy.log.1.gz", "puypuy.log.2026-11-23", "puypuy.log.2026-11-23_20-18-03",
                "puypuy.log.2026-11-23_20-19-03",
            ])
    }

    @Test func `a restart does not begin the period anew`() throws {
        let clock = ManualClock(Self.startNs)
        write("one", to: output(clock))
        clock.advance(seconds: 3000)
        write("two", to: output(clock))
        clock.advance(seconds: 600)
        write("three", to: output(clock))
        #expect(rotated() == ["puypuy.log.2026-11-23_20-15-03"])
        #expect(readText(path).hasSuffix("three\n"))
    }

    @Test func `a rotation that fails costs no line, and is told`() throws {
        for time in ["20-15-03", "21-15-03"] {
            #expect(mkdir(path + ".2026-11-23_" + time, 0o755) == 0)
        }
        let clock = ManualClock(Self.startNs)
        let output = output(clock)
        write("one", to: output)
        clock.advance(seconds: 3600)
        write("two", to: output)
        write("three", to: output)
        let text = readText(path)
        #expect(text.contains("cannot rotate the log file"), "\(text)")
        for word in ["one", "two", "three"] { #expect(text.contains(word)) }
        #expect(text.split(separator: "\n").count == 4, "\(text)")
    }

    @Test func `summaries of bursts come without another event`() throws {
        let clock = ManualClock(Self.startNs)
        let output = output(clock)
        for _ in 0..<52 { write("down", to: output) }
        clock.advance(seconds: 59)
        output.settle()
        #expect(readText(path).split(separator: "\n").count == 1)
        clock.advance(seconds: 1)
        output.settle()
        #expect(readText(path).hasSuffix("down (52 times in 60 s)\n"))
    }
}

/// A clock that stands until it is told.
private final class ManualClock: Sendable {
    private let now: Atomic<Int64>

    init(_ ns: Int64) { now = Atomic(ns) }

    var nowNs: Int64 { now.load(ordering: .relaxed) }

    func advance(seconds: Int64) { now.add(seconds * 1_000_000_000, ordering: .relaxed) }
}
