import Glibc
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct OpenFilesCheckTests {
    private func host() throws -> TemporaryDirectory {
        let root = try TemporaryDirectory()
        for (pid, comm, count) in [(10, "worker", 3), (11, "worker", 4), (12, "workerx", 50)] {
            try root.write("/proc/\(pid)/comm", "\(comm)\n")
            for file in 0..<count { try root.write("/proc/\(pid)/fd/\(file)", "") }
        }
        try root.write("/proc/20/comm", "a-very-long-nam\n")
        try root.write("/proc/20/cmdline", "/usr/bin/a-very-long-name-one\0-x\0")
        try root.write("/proc/20/fd/0", "")
        try root.write("/proc/21/comm", "a-very-long-nam\n")
        try root.write("/proc/21/cmdline", "/usr/bin/a-very-long-name-two\0")
        try root.write("/proc/21/fd/0", "")
        try root.write("/run/worker.pid", "12\n")
        try root.write("/proc/meminfo", "")
        return root
    }

    private func check(
        _ root: TemporaryDirectory, _ processes: [String: String]
    ) throws -> any Check {
        try OpenFilesCheck.description.make(
            CheckContext(rootPath: root.path, options: processes))
    }

    @Test func `several processes of one name are summed`() async throws {
        let root = try host()
        var sample = sample(of: "openfiles")
        try await check(root, ["w": "worker"]).collect(into: &sample)
        #expect(sample.value("openfiles_w", ["type": "gauge"]) == .integer(7))
    }

    @Test func `a pid file names one process`() async throws {
        let root = try host()
        var sample = sample(of: "openfiles")
        try await check(root, ["w": "/run/worker.pid"]).collect(into: &sample)
        #expect(sample.value("openfiles_w") == .integer(50))
    }

    @Test func `names that the kernel cuts are told apart by the command line`() async throws {
        let root = try host()
        var sample = sample(of: "openfiles")
        try await check(root, ["w": "a-very-long-name-one"]).collect(into: &sample)
        #expect(sample.value("openfiles_w") == .integer(1))
    }

    @Test func `a label that cannot be resolved is named and costs the others nothing`()
        async throws
    {
        let root = try host()
        var sample = sample(of: "openfiles")
        let check = try check(root, ["a": "absent", "b": "/run/absent.pid", "w": "worker"])
        let error = await #expect(throws: ChecksError.self) {
            try await check.collect(into: &sample)
        }
        #expect(sample.points.count == 1)
        #expect(sample.value("openfiles_w") == .integer(7))
        #expect(error?.cause.contains("no process is named absent") == true)
        #expect(error?.cause.contains("/run/absent.pid") == true)
    }

    @Test func `a stale or damaged pid file is a problem`() async throws {
        let root = try host()
        for text in ["", "none\n", "99999\n"] {
            try root.write("/run/bad.pid", text)
            let check = try check(root, ["w": "/run/bad.pid"])
            var sample = sample(of: "openfiles")
            await #expect(throws: ChecksError.self) { try await check.collect(into: &sample) }
        }
    }

    @Test func `this process has the files that it has`() async throws {
        let root = try TemporaryDirectory()
        try root.write("/pid", "\(getpid())\n")
        let check = OpenFilesCheck(root: HostRoot("/"), processes: ["me": "\(root.path)/pid"])
        var sample = sample(of: "openfiles")
        try check.collect(into: &sample)
        #expect(try #require(sample.value("openfiles_me")).asDouble >= 3)
    }
}
