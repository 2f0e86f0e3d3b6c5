import Glibc
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct ServiceNotifierTests {
    private func notifier(_ environment: [String: String]) -> ServiceNotifier {
        ServiceNotifier(environment: { environment[$0] })
    }

    @Test func `messages reach a socket with a path, each whole`() throws {
        let folder = try TemporaryDirectory()
        let socket = try NotifySocket(path: folder.path + "/notify")
        let notifier = notifier(["NOTIFY_SOCKET": socket.path])
        notifier.ready()
        notifier.status("two\nlines")
        notifier.status("two\nlines")
        notifier.status("another")
        notifier.reloading()
        notifier.alive()
        notifier.stopping()
        #expect(socket.listen { $0.last == "STOPPING=1" })
        #expect(
            socket.messages.map { $0.prefix(11) } == [
                "READY=1", "STATUS=two\\", "STATUS=anot", "RELOADING=1", "WATCHDOG=1", "STOPPING=1",
            ])
    }

    @Test(arguments: ["", "/nowhere/at/all", "@nobody-listens", String(repeating: "x", count: 300)])
    func `without anybody who listens nothing happens`(_ address: String) {
        let notifier = notifier(address.isEmpty ? [:] : ["NOTIFY_SOCKET": address])
        notifier.ready()
        notifier.stopping()
        #expect(notifier.watchdog == nil)
    }

    @Test func `the watchdog is meant for one process`() {
        func watchdog(_ process: String?, _ microseconds: String) -> Duration? {
            var environment = ["WATCHDOG_USEC": microseconds]
            environment["WATCHDOG_PID"] = process
            return notifier(environment).watchdog
        }
        #expect(watchdog("\(getpid())", "3000000") == .seconds(3))
        #expect(watchdog(nil, "500000") == .milliseconds(500))
        #expect(watchdog("1", "3000000") == nil)
        #expect(watchdog(nil, "0") == nil)
        #expect(watchdog(nil, "soon") == nil)
    }
}
