import PuyPuyCore
import Synchronization
import Testing

@testable import PuyPuyBackends

/// A clock that a test moves on.
final class HandClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
}

@Suite struct CreatePaceTests {
    static func admitted(_ pace: inout CreatePace, _ ids: Range<SeriesID>) -> Int {
        ids.count { pace.admits($0) }
    }

    @Test func `a burst is four fifths of a minute's series, and then one at a time`() {
        let clock = HandClock()
        var pace = CreatePace(limit: 60, clock: { clock.now })
        pace.begin()
        #expect(Self.admitted(&pace, 0..<100) == 48)
        #expect(Self.admitted(&pace, 0..<48) == 48, "a series costs one token")
        pace.end(isConfirmed: true, nothingWasSent: false)
        #expect(abs(pace.wait / .seconds(1) - 1) < 0.001)
        clock.advance(.seconds(3))
        pace.begin()
        #expect(Self.admitted(&pace, 40..<100) == 8 + 3)
    }

    @Test func `no time brings more than a burst`() {
        let clock = HandClock()
        var pace = CreatePace(limit: 10, clock: { clock.now })
        clock.advance(.seconds(100_000))
        pace.begin()
        #expect(Self.admitted(&pace, 0..<100) == 8)
    }

    @Test func `only what was confirmed is known`() {
        let clock = HandClock()
        var pace = CreatePace(limit: 10, clock: { clock.now })
        pace.begin()
        #expect(Self.admitted(&pace, 0..<8) == 8)
        pace.end(isConfirmed: false, nothingWasSent: true)
        pace.begin()
        #expect(Self.admitted(&pace, 100..<108) == 8, "nothing was sent, so nothing was used up")
        pace.end(isConfirmed: false, nothingWasSent: false)
        pace.begin()
        #expect(Self.admitted(&pace, 0..<8) == 0, "it may have arrived, so it was used up")
    }

    @Test func `a limit of one lets one through`() {
        let clock = HandClock()
        var pace = CreatePace(limit: 1, clock: { clock.now })
        pace.begin()
        #expect(Self.admitted(&pace, 0..<2) == 1)
        pace.end(isConfirmed: true, nothingWasSent: false)
        clock.advance(pace.wait)
        pace.begin()
        #expect(Self.admitted(&pace, 0..<2) == 2)
    }
}
