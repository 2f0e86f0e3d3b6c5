import PuyPuyCore
import Testing

struct BackoffTests {
    @Test(arguments: [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (500, 60)])
    func `the longest delay doubles up to the cap`(failures: Int, seconds: Int) {
        #expect(Backoff.transient.delay(afterFailures: failures, random: 1) == .seconds(seconds))
    }

    @Test func `jitter is full`() {
        #expect(Backoff.transient.delay(afterFailures: 3, random: 0) == .zero)
        #expect(Backoff.transient.delay(afterFailures: 3, random: 0.25) == .seconds(2))
    }

    @Test func `a refused connection waits half a second first and the configured time at most`() {
        let backoff = Backoff.reconnect(cap: .seconds(5))
        #expect(backoff.delay(afterFailures: 0, random: 1) == .milliseconds(500))
        #expect(backoff.delay(afterFailures: 9, random: 1) == .seconds(5))
        let short = Backoff.reconnect(cap: .milliseconds(100))
        #expect(short.delay(afterFailures: 0, random: 1) == .milliseconds(100))
    }
}
