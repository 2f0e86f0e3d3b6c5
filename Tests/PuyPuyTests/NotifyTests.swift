import Glibc
import TestSupport
import Testing

/// What a service manager hears from the real daemon, at a real socket.
@Suite(.timeLimit(.minutes(10)))
struct NotifyTests {
    private func installation() throws -> (Installation, NotifySocket) {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 1
                [TSDB]
                tsdtype: Local
                """, checks: ["memory"])
        let socket = try NotifySocket(path: puypuy.path + "/notify")
        puypuy.wrapper = ["/usr/bin/env", "NOTIFY_SOCKET=\(socket.path)"]
        return (puypuy, socket)
    }

    @Test func `ready, alive, reloading, ready again and stopping are told in this order`() throws {
        let (puypuy, socket) = try installation()
        puypuy.wrapper.append("WATCHDOG_USEC=400000")
        try puypuy.start()
        #expect(socket.listen { $0.contains("READY=1") }, "\(puypuy.log)")
        // Who heard that may use the control socket.
        #expect(try puypuy.run(["status"]).code < 2)
        #expect(
            socket.listen { messages in
                messages.count { $0 == "WATCHDOG=1" } >= 3
                    && messages.contains { $0.hasPrefix("STATUS=1 checks; all backends") }
            }, "\(socket.messages)")

        let before = socket.messages.count
        kill(puypuy.daemonPid, SIGHUP)
        #expect(
            socket.listen { messages in messages.dropFirst(before).contains("READY=1") },
            "\(socket.messages)")
        let reload = socket.messages.dropFirst(before)
        let begin = try #require(
            reload.firstIndex { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        #expect(try #require(reload.firstIndex(of: "READY=1")) > begin)
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let told = try #require(Int(reload[begin].split(separator: "=").last ?? ""))
        #expect(told > 0 && told <= (Int(now.tv_sec) + 1) * 1_000_000)

        #expect(puypuy.stop() == 0)
        #expect(socket.listen { $0.contains("STOPPING=1") }, "\(socket.messages)")
    }

    @Test func `the watchdog of another process is left alone`() throws {
        let (puypuy, socket) = try installation()
        puypuy.wrapper += ["WATCHDOG_USEC=100000", "WATCHDOG_PID=\(getpid())"]
        try puypuy.start()
        #expect(
            socket.listen { messages in messages.contains { $0.hasPrefix("STATUS=") } },
            "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
        #expect(socket.listen { $0.contains("STOPPING=1") })
        #expect(!socket.messages.contains("WATCHDOG=1"))
    }
}
