import PuyPuyCore
import TestSupport
import Testing

/// A sender without I/O: carries out the decisions of a delivery against a server that is a closure.
private struct Shell: ~Copyable {
    var delivery: Delivery
    var now = ContinuousClock.now
    var requests = 0
    var random = 1.0

    init(_ policy: Delivery.Policy = .init()) { delivery = Delivery(policy: policy) }

    /// Sends one unit of `points` until it is acknowledged; returns the dead rows with reasons.
    mutating func deliver(
        points: Int, server: ([Int]) -> Outcome
    ) -> [Outcome.Rejection] {
        deliver(points: points, attempts: { Attempt(server($0)) })
    }

    mutating func deliver(
        points: Int, attempts server: ([Int]) -> Attempt
    ) -> [Outcome.Rejection] {
        var loaded = false
        for _ in 0..<100_000 {
            switch delivery.next(at: now, pending: .init(fresh: true, backlog: false)) {
            case .load:
                delivery.loaded(points: points)
                loaded = true
            case .send(let rows):
                requests += 1
                delivery.finished(server(rows), at: now, random: random)
            case .wait(let until): now = until
            case .acknowledge(let rejections):
                #expect(loaded)
                delivery.acknowledged()
                return rejections
            case .idle: Issue.record("idle with fresh points")
            }
        }
        Issue.record("no end")
        return []
    }
}

struct DeliveryTests {
    @Test func `an accepted unit takes one request and is acknowledged without dead letters`() {
        var shell = Shell()
        #expect(shell.deliver(points: 100) { _ in .accepted } == [])
        #expect(shell.requests == 1)
    }

    @Test func `named offenders die and the rest is acknowledged with them`() {
        var shell = Shell()
        let dead = shell.deliver(points: 10) { _ in
            .acceptedExcept([.init(row: 3, reason: "no"), .init(row: 7, reason: "never")])
        }
        #expect(dead == [.init(row: 3, reason: "no"), .init(row: 7, reason: "never")])
        #expect(shell.requests == 1)
    }

    /// Partial or whole: what the server does with the good points of a refused request.
    @Test(arguments: [0, 1, 4_999, 5_000, 9_998, 9_999])
    func `one offender among 10,000 is found in 2 log2 n + 2 extra requests`(offender: Int) {
        var shell = Shell()
        var stored = Set<Int>()
        let dead = shell.deliver(points: 10_000) { rows in
            if rows.contains(offender) { return .refused(reason: "conflict", suspects: []) }
            stored.formUnion(rows)
            return .accepted
        }
        #expect(dead == [.init(row: offender, reason: "conflict")])
        #expect(stored.count == 9_999)
        #expect(shell.requests - 1 <= 28, "\(shell.requests - 1) extra requests")
    }

    @Test(arguments: 0..<50)
    func `any offenders are found, alone, and all others are stored`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let points = Int.random(in: 1...500, using: &random)
        let bad = Set(
            (0..<Int.random(in: 0...10, using: &random)).map { _ in
                Int.random(in: 0..<points, using: &random)
            })
        let helpful = Bool.random(using: &random)
        var shell = Shell(.init(maxBatchPoints: Int.random(in: 1...600, using: &random)))
        var stored = Set<Int>()
        let dead = shell.deliver(points: points) { rows in
            let offenders = rows.indices.filter { bad.contains(rows[$0]) }
            if offenders.isEmpty {
                stored.formUnion(rows)
                return .accepted
            }
            var hints = helpful ? offenders : []
            // A server may also point at the wrong ones.
            if Bool.random(using: &random) {
                hints = [Int.random(in: rows.indices, using: &random)]
            }
            return .refused(reason: "bad", suspects: hints)
        }
        #expect(Set(dead.map(\.row)) == bad)
        #expect(dead.count == bad.count)
        #expect(stored == Set(0..<points).subtracting(bad))
    }

    @Test func `hints of the server save requests`() {
        var shell = Shell()
        let bad = Set((0..<10).map { $0 * 997 })
        let dead = shell.deliver(points: 10_000) { rows in
            let offenders = rows.indices.filter { bad.contains(rows[$0]) }
            return offenders.isEmpty ? .accepted : .refused(reason: "bad", suspects: offenders)
        }
        #expect(Set(dead.map(\.row)) == bad)
        #expect(shell.requests <= 2 + 2 * 10)
    }

    @Test func `a request that is too large is halved, and the size is remembered`() {
        var shell = Shell(.init(maxBatchPoints: 1000))
        var sizes: [Int] = []
        let server: ([Int]) -> Outcome = { rows in
            sizes.append(rows.count)
            return rows.count > 300 ? .tooLarge(reason: "413") : .accepted
        }
        #expect(shell.deliver(points: 1000, server: server) == [])
        #expect(shell.deliver(points: 1000, server: server) == [])
        #expect(sizes == [1000, 500, 250, 250, 250, 250, 250, 250, 250, 250])
    }

    @Test func `where every request is too large no point dies, and it shows`() {
        var delivery = Delivery(policy: .init())
        var now = ContinuousClock.now
        var sizes: [Int] = []
        var longestWait = Duration.zero
        for _ in 0..<200 {
            switch delivery.next(at: now, pending: .init(fresh: true, backlog: false)) {
            case .load: delivery.loaded(points: 10)
            case .send(let rows):
                sizes.append(rows.count)
                delivery.finished(Attempt(.tooLarge(reason: "413")), at: now, random: 0.5)
            case .wait(let until):
                longestWait = max(longestWait, until - now)
                now = until
            case .acknowledge, .idle: Issue.record("a point is given up")
            }
        }
        #expect(sizes.count { $0 == 1 } > 50)
        #expect(delivery.condition.reason == "413")
        #expect(longestWait > .seconds(5), "the server is not spared")
    }

    @Test func `a single point that is too large dies with the reason`() {
        var shell = Shell()
        let dead = shell.deliver(points: 2) { rows in
            rows.contains(1) ? .tooLarge(reason: "413") : .accepted
        }
        #expect(dead == [.init(row: 1, reason: "413")])
        // It says nothing about requests without it.
        var sizes: [Int] = []
        _ = shell.deliver(points: 100) { rows in
            sizes.append(rows.count)
            return .accepted
        }
        #expect(sizes == [100])
    }

    @Test func `refused connections are retried within the configured time`() {
        var shell = Shell(.init(reconnectMax: .seconds(5)))
        let start = shell.now
        var attempts = 0
        _ = shell.deliver(points: 1) { _ in
            attempts += 1
            return attempts > 8 ? .accepted : .unreachable(reason: "refused")
        }
        #expect(attempts == 9)
        // Half a second, 1, 2, 4, and then four times 5.
        #expect(shell.now - start == .seconds(27.5))
    }

    @Test func `the server's Retry-After wins, within reason`() {
        for (wish, expected) in [(30.0, 30.0), (0, 0.5), (1e6, 3600)] {
            var shell = Shell()
            let start = shell.now
            var attempts = 0
            _ = shell.deliver(points: 1) { _ in
                attempts += 1
                return attempts > 1
                    ? .accepted : .transient(reason: "503", retryAfter: .seconds(wish))
            }
            #expect(shell.now - start == .seconds(expected))
        }
    }

    @Test func `a misconfigured backend is held, says what to do, and loses nothing`() {
        var delivery = Delivery(policy: .init())
        let now = ContinuousClock.now
        _ = delivery.next(at: now, pending: .init(fresh: true, backlog: false))
        delivery.loaded(points: 5)
        _ = delivery.next(at: now, pending: .init(fresh: true, backlog: false))
        delivery.finished(
            Attempt(.misconfigured(reason: "401", hint: "set pass")), at: now, random: 1)
        let until = now + .seconds(60)
        #expect(delivery.condition == .holding(reason: "401", hint: "set pass", until: until))
        #expect(
            delivery.next(at: now, pending: .init(fresh: true, backlog: false))
                == .wait(until: until))
        delivery.retryNow()
        #expect(
            delivery.next(at: now, pending: .init(fresh: true, backlog: false))
                == .load(.newest, maxPoints: 500))
    }

    @Test func `after a failure the unit is let go, and requests start small and double`() {
        var delivery = Delivery(policy: .init(maxBatchPoints: 3000))
        var now = ContinuousClock.now
        let pending = Delivery.Pending(fresh: true, backlog: false)
        #expect(delivery.next(at: now, pending: pending) == .load(.newest, maxPoints: 3000))
        delivery.loaded(points: 1)
        _ = delivery.next(at: now, pending: pending)
        delivery.finished(Attempt(.unreachable(reason: "refused")), at: now, random: 1)
        now += .seconds(1)
        for expected in [500, 1000, 2000, 3000, 3000] {
            #expect(delivery.next(at: now, pending: pending) == .load(.newest, maxPoints: expected))
            delivery.loaded(points: 1)
            #expect(delivery.next(at: now, pending: pending) == .send([0]))
            delivery.finished(Attempt(.accepted), at: now, random: 1)
            #expect(delivery.next(at: now, pending: pending) == .acknowledge([]))
            delivery.acknowledged()
        }
    }

    @Test func `fresh points go first, and the backlog gets one request in four`() {
        var delivery = Delivery(policy: .init())
        let now = ContinuousClock.now
        func picks(_ count: Int, _ pending: Delivery.Pending) -> [Delivery.Pick] {
            (0..<count).compactMap { _ in
                guard case .load(let pick, _) = delivery.next(at: now, pending: pending) else {
                    return nil
                }
                delivery.loaded(points: 0)
                return pick
            }
        }
        #expect(
            picks(8, .init(fresh: true, backlog: true)) == [
                .newest, .newest, .newest, .oldest, .newest, .newest, .newest, .oldest,
            ])
        #expect(picks(2, .init(fresh: false, backlog: true)) == [.oldest, .oldest])
        #expect(picks(2, .init(fresh: true, backlog: false)) == [.newest, .newest])
        #expect(delivery.next(at: now, pending: .init(fresh: false, backlog: false)) == .idle)
    }

    @Test func `a backend that needs order gets the oldest first, always`() {
        var delivery = Delivery(policy: .init(oldestFirst: true))
        for _ in 0..<5 {
            #expect(
                delivery.next(at: .now, pending: .init(fresh: true, backlog: true))
                    == .load(.oldest, maxPoints: 10_000))
            delivery.loaded(points: 0)
        }
    }

    @Test func `the rate of points is capped`() {
        var shell = Shell(.init(maxBatchPoints: 100, maxPointsPerSecond: 50))
        let start = shell.now
        var sizes: [Int] = []
        let dead = shell.deliver(points: 1000) { rows in
            sizes.append(rows.count)
            return .accepted
        }
        #expect(dead == [])
        // A request is worth at most a second, so that nothing fresh waits for longer.
        #expect(sizes == Array(repeating: 50, count: 20))
        #expect(shell.now - start == .seconds(19))
    }

    @Test func `a failure in the middle of a bisection costs nothing that was found`() {
        var shell = Shell()
        var seen = 0
        var stored = Set<Int>()
        let dead = shell.deliver(points: 64) { rows in
            seen += 1
            if seen % 3 == 0 { return .transient(reason: "timeout", retryAfter: nil) }
            if rows.contains(40) { return .refused(reason: "bad", suspects: []) }
            stored.formUnion(rows)
            return .accepted
        }
        #expect(dead == [.init(row: 40, reason: "bad")])
        #expect(stored.count == 63)
    }

    // MARK: Attempts with a part of the points

    @Test func `what did not fit is handed over again, each row once`() {
        var shell = Shell()
        var sent: [Int] = []
        let dead = shell.deliver(points: 100) { rows in
            let count = min(rows.count, 30)
            sent += rows.prefix(count)
            return Attempt(.accepted, first: count, of: rows.count)
        }
        #expect(dead == [])
        #expect(sent == Array(0..<100))
        #expect(shell.requests == 4)
    }

    @Test func `rows of any order may wait, and outcomes name rows of what was handed over`() {
        var shell = Shell()
        var sent: [Int] = []
        let dead = shell.deliver(points: 10) { rows in
            // Even ones first; of those 4 is refused by name, and 7 by bisection.
            let chosen = rows.indices.filter { rows[$0].isMultiple(of: 2) }
            let positions = chosen.isEmpty ? Array(rows.indices) : chosen
            let carried = positions.map { rows[$0] }
            sent += carried
            let partial = positions.count == rows.count ? nil : positions
            if let four = rows.firstIndex(of: 4), positions.contains(four) {
                return Attempt(
                    .acceptedExcept([Outcome.Rejection(row: four, reason: "four")]), rows: partial)
            }
            if let seven = rows.firstIndex(of: 7) {
                return Attempt(.refused(reason: "seven", suspects: [seven]), rows: partial)
            }
            return Attempt(.accepted, rows: partial)
        }
        #expect(dead.map(\.row).sorted() == [4, 7])
        #expect(Set(sent) == Set(0..<10))
        #expect(sent.prefix(5) == [0, 2, 4, 6, 8])
    }

    @Test func `a backend that wants to wait is not failing`() {
        var shell = Shell()
        let start = shell.now
        var waits = 0
        let dead = shell.deliver(points: 5) { _ in
            waits += 1
            return waits < 3 ? .postponed(.seconds(7)) : .accepted
        }
        #expect(dead == [])
        #expect(shell.now - start == .seconds(14))
        #expect(shell.delivery.condition == .flowing)
    }

    // MARK: Failures that may lie in the points

    @Test(arguments: [0, 37, 499, 999])
    func `a point that the server fails at is given up alone`(_ poison: Int) {
        var shell = Shell()
        var accepted: Set<Int> = []
        let dead = shell.deliver(points: 1000) { rows in
            if rows.contains(poison) { return .doubtful(reason: "500", retryAfter: nil) }
            accepted.formUnion(rows)
            return .accepted
        }
        #expect(dead == [Outcome.Rejection(row: poison, reason: "500")])
        #expect(accepted == Set(0..<1000).subtracting([poison]))
    }

    @Test func `ten points that the server fails at are given up alone`() {
        var shell = Shell()
        let poison = Set((0..<10).map { $0 * 97 })
        let dead = shell.deliver(points: 1000) { rows in
            poison.isDisjoint(with: rows)
                ? .accepted : .doubtful(reason: "500", retryAfter: nil)
        }
        #expect(Set(dead.map(\.row)) == poison)
        #expect(dead.count == 10)
    }

    @Test(arguments: [1, 10, 100, 1000])
    func `while a server fails at everything, nothing is given up`(_ failures: Int) {
        var shell = Shell()
        var count = 0
        var accepted: Set<Int> = []
        let dead = shell.deliver(points: 100) { rows in
            count += 1
            if count <= failures { return .doubtful(reason: "500", retryAfter: nil) }
            accepted.formUnion(rows)
            return .accepted
        }
        #expect(dead == [])
        #expect(accepted == Set(0..<100))
    }

    @Test func `a point alone is never given up for a failure of the server`() {
        var delivery = Delivery(policy: .init())
        var now = ContinuousClock.now
        for _ in 0..<200 {
            switch delivery.next(at: now, pending: .init(fresh: true, backlog: false)) {
            case .load: delivery.loaded(points: 1)
            case .send:
                delivery.finished(
                    Attempt(.doubtful(reason: "500", retryAfter: nil)), at: now, random: 1)
            case .wait(let until): now = until
            case .acknowledge, .idle: Issue.record("it was given up")
            }
        }
    }
}
