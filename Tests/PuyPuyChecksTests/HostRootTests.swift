import Glibc
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct HostRootTests {
    @Test(arguments: [("/", "/proc"), ("/host", "/host/proc"), ("/host/", "/host/proc")])
    func `paths are below the root`(root: String, path: String) {
        #expect(HostRoot(root).path("/proc") == path)
    }

    @Test func `lines are whole however the file is cut into pieces`() throws {
        let root = try TemporaryDirectory()
        let all = (0..<30_000).map { "line \($0) of a file that is larger than one read" }
        try root.write("/long", all.joined(separator: "\n"))
        var found: [String] = []
        try HostRoot(root.path).forEachLine(of: "/long") { found.append($0.text) }
        #expect(found == all)
    }

    @Test func `names are sorted and without dots`() throws {
        let root = try TemporaryDirectory()
        for name in ["b", "a", ".c"] { try root.write("/d/\(name)", "") }
        #expect(try HostRoot(root.path).names(in: "/d") == [".c", "a", "b"])
    }

    @Test func `what is not there is nil, and what cannot be read a problem`() throws {
        let root = try TemporaryDirectory()
        try root.write("/file", "5\n")
        let host = HostRoot(root.path)
        #expect(try host.readIfThere("/absent") == nil)
        #expect(try host.readIfThere("/file") == [0x35, 0x0a])
        #expect(host.number("/file") == .integer(5))
        #expect(host.number("/absent") == nil)
        let error = #expect(throws: ChecksError.self) { try host.readIfThere("/") }
        #expect(error?.cause == "Is a directory")
    }
}
