import Foundation
import PuyPuySpool
import TestSupport
import Testing

/// Faults at random, one after the other and over each other, for a long time, with two backends.
@Suite(.timeLimit(.minutes(300)))
struct SoakTests {
    /// The length of the campaign's soak in minutes: `PUYPUY_SOAK_MINUTES`, or 60.
    private static let minutes =
        ProcessInfo.processInfo.environment["PUYPUY_SOAK_MINUTES"].flatMap(Int.init) ?? 60

    @Test func `an hour of faults at random loses nothing and leaves nothing behind`() throws {
        let length = FaultScale.pick(
            short: Duration.seconds(15), full: .seconds(60 * SoakTests.minutes))
        var random = SystemRandomNumberGenerator()
        let host = try FaultedHost(
            .init(
                scripts: 5, period: FaultScale.pick(short: 0.2, full: 1),
                backend: "timeout_seconds: 5", hasVictoria: true))
        try host.start()
        host.waitUntilFlowing()
        let atStart = Vitals.now(pid: host.puypuy.daemonPid, spool: host.spool)
        var done: [String: Int] = [:]
        let end = ContinuousClock.now + length
        while ContinuousClock.now < end {
            let fault = Fault.allCases.randomElement(using: &random)!
            // A backend that is held is tried again once a minute.
            if fault == .garbage && !FaultScale.isFull { continue }
            done["\(fault)", default: 0] += 1
            let hold = FaultScale.pick(
                short: Double.random(in: 0.2...1), full: Double.random(in: 0.5...40))
            try apply(fault, to: host, seconds: hold)
            // Sometimes the next one comes before it has recovered.
            usleep(UInt32.random(in: 0...FaultScale.pick(short: 500_000, full: 20_000_000)))
            #expect(host.puypuy.isRunning, "\(host.puypuy.log.suffix(2_000))")
            #expect(try host.puypuy.audit(), "after \(fault)")
        }
        let recovery = host.recovery(within: .seconds(70))
        host.waitUntilDrained(within: .seconds(180))
        let atEnd = Vitals.now(pid: host.puypuy.daemonPid, spool: host.spool)
        #expect(
            eventually(within: .seconds(120)) {
                (try? Contents.books(host.spool, backend: "victoria")?.pending ?? .max) ?? .max
                    < 1_000
            }, "\(host.puypuy.log.suffix(2_000))")
        let faults = done.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        func figures(_ vitals: Vitals.Peaks) -> String {
            let megabytes = Double(vitals.memoryBytes) / 1_048_576
            return String(format: "%.1f MB, ", megabytes) + "\(vitals.descriptors) descriptors"
        }
        // What it opens for a moment is not left behind; what grows with every fault would be.
        #expect(atEnd.descriptors <= atStart.descriptors + 16)
        try host.prove(
            "soak, faults at random, two backends",
            extent: "\(Int(length / .seconds(1))) s: \(faults.joined(separator: ", "))",
            recoverySeconds: recovery,
            remark: "start \(figures(atStart)), end \(figures(atEnd));")
    }

    private enum Fault: CaseIterable {
        case refused, hanging, reset, answersLost, unavailable, garbage, killed, stopped, restarted
        case hangups, serverRestarted, otherBackend
    }

    private func apply(_ fault: Fault, to host: FaultedHost, seconds: Double) throws {
        let hold = UInt32(seconds * 1e6)
        switch fault {
        case .refused: try proxied(.refuses, host.proxy, hold)
        case .hanging: try proxied(.hangs, host.proxy, hold)
        case .reset: try proxied(.resets(afterBytes: 500), host.proxy, hold)
        case .answersLost: try proxied(.losesAnswers, host.proxy, hold)
        case .garbage: try proxied(.garbage, host.proxy, hold)
        case .unavailable:
            try proxied(
                .answers(
                    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                ), host.proxy, hold)
        case .killed:
            host.kill()
            try host.start()
        case .restarted:
            #expect(host.puypuy.stop() == 0, "\(host.puypuy.log.suffix(2_000))")
            try host.start()
        case .stopped:
            Glibc.kill(host.puypuy.daemonPid, SIGSTOP)
            usleep(hold)
            Glibc.kill(host.puypuy.daemonPid, SIGCONT)
        case .hangups:
            for _ in 0..<50 { Glibc.kill(host.puypuy.daemonPid, SIGHUP) }
        case .serverRestarted:
            host.server.stop()
            usleep(hold)
            try host.server.start()
        case .otherBackend:
            try proxied(
                [.refuses, .hangs, .losesAnswers].randomElement()!, host.victoriaProxy!, hold)
        }
    }

    private func proxied(_ fault: FaultProxy.Fault, _ proxy: FaultProxy, _ hold: UInt32) throws {
        try proxy.set(fault)
        usleep(hold)
        try proxy.set(.none)
    }
}
