import Glibc
import Logging
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct LogOutputTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func output(_ path: String, level: Logger.Level = .info) -> LogOutput {
        LogOutput(
            LogConfiguration(file: path, level: level),
            clock: LogOutput.Clock(wallNs: { 0 }, bootNs: { 0 }))
    }

    private func logger(_ output: LogOutput) -> Logger {
        Logger(label: "test") { LineLogHandler(component: $0, output: output) }
    }

    private func lines(_ path: String) throws -> [String] {
        try Fixtures.text(path).split(separator: "\n").map(String.init)
    }

    @Test func `events are appended to a file that others cannot read`() throws {
        let path = folder.path + "/log/sub/puypuy.log"
        logger(output(path)).info("one")
        logger(output(path)).warning("two", metadata: ["k": "v w"])
        #expect(
            try lines(path) == [
                "1970-01-01T00:00:00.000Z info test: one",
                "1970-01-01T00:00:00.000Z warning test: two k=\"v w\"",
            ])
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 & ~0o640 == 0)
    }

    @Test func `levels follow the output until a logger has its own`() throws {
        let path = folder.path + "/levels.log"
        let output = output(path)
        var own = logger(output)
        own.logLevel = .error
        let shared = logger(output)
        shared.debug("1")
        output.level = .debug
        shared.debug("2")
        own.debug("3")
        #expect(try lines(path).map { $0.suffix(1) } == ["2"])
    }

    @Test func `pairs of the event win over those of the logger`() throws {
        let path = folder.path + "/pairs.log"
        var logger = logger(output(path))
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger.info("m", metadata: ["b": "event"])
        #expect(try lines(path)[0].hasSuffix("m a=logger b=event"))
    }

    @Test func `after logrotate the log goes on in a new file`() throws {
        let path = folder.path + "/rotated.log"
        let output = output(path)
        logger(output).info("one")
        rename(path, path + ".1")
        logger(output).info("two")
        output.reopen()
        logger(output).info("three")
        #expect(try lines(path + ".1").map { $0.suffix(3) } == ["one", "two"])
        #expect(try lines(path).map { $0.suffix(5) } == ["three"])
    }

    @Test func `a reopening that fails keeps the file that was open`() throws {
        let path = folder.path + "/kept/puypuy.log"
        let output = output(path)
        logger(output).info("one")
        rename(folder.path + "/kept", folder.path + "/moved")
        try folder.write("kept", "a file where a folder was")
        output.reopen()
        logger(output).info("two")
        let kept = try lines(folder.path + "/moved/puypuy.log")
        #expect(kept.count == 3)
        #expect(kept[1].contains("warning log: cannot open the log file: not a directory"))
        #expect(kept[2].hasSuffix("two"))
    }

    @Test func `a file that takes nothing stops nobody`() {
        let output = output("/dev/full")
        for number in 0..<3 { logger(output).info("to stderr \(number)") }
        output.flush()
    }

    @Test func `what repeats is folded, and told with the flush`() throws {
        let path = folder.path + "/folded.log"
        let output = output(path)
        for _ in 0..<5 { logger(output).warning("again") }
        #expect(try lines(path).count == 1)
        output.flush()
        #expect(try lines(path).last?.hasSuffix("again (5 times in 60 s)") == true)
    }

    @Test func `lines of many tasks do not mix`() async throws {
        let path = folder.path + "/tasks.log"
        let output = output(path)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let logger = Logger(label: "task") {
                        LineLogHandler(component: $0, output: output)
                    }
                    for number in 0..<100 { logger.info("\(task)-\(number)") }
                }
            }
        }
        let found = try lines(path)
        #expect(found.count == 800)
        #expect(Set(found).count == 800)
        #expect(found.allSatisfy { $0.hasPrefix("1970-01-01T00:00:00.000Z info task: ") })
    }

    @Test func `another file is taken over with the new configuration`() throws {
        let output = output(folder.path + "/a.log")
        logger(output).info("one")
        output.reconfigure(LogConfiguration(file: folder.path + "/b.log", level: .debug))
        logger(output).debug("two")
        #expect(try lines(folder.path + "/a.log").count == 1)
        #expect(try lines(folder.path + "/b.log").count == 1)
    }
}
