import Testing

@testable import PuyPuyChecks

@Suite(.timeLimit(.minutes(10)))
struct RunThreadsTests {
    @Test func `jobs run, and no more threads are made than may`() async {
        let threads = RunThreads(limit: 3)
        let count = Counter()
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask(executorPreference: threads) { count.add() } }
        }
        #expect(count.value == 100)
        // An idle thread ends after a while, so there may be fewer.
        #expect(threads.threadCount <= 3)
    }

    @Test func `a hanging thread can be replaced`() async {
        let threads = RunThreads(limit: 1)
        let gate = Gate()
        let hung = Task(executorPreference: threads) { gate.wait() }
        threads.replaceStuckThread()
        await Task(executorPreference: threads) {}.value
        #expect((1...2).contains(threads.threadCount))
        gate.open()
        await hung.value
        threads.stuckThreadReturned()
        await Task(executorPreference: threads) {}.value
    }

    @Test func `a job that waits gets the thread that is allowed later`() async {
        let threads = RunThreads(limit: 1)
        let gate = Gate()
        let hung = Task(executorPreference: threads) { gate.wait() }
        let later = Task(executorPreference: threads) {}
        threads.replaceStuckThread()
        await later.value
        gate.open()
        await hung.value
    }
}
