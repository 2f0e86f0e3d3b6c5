import PuyPuyCore
import Testing

private actor Counter {
    private let executor: ThreadExecutor
    private(set) var count = 0
    private(set) var idles = 0
    private var idledAt = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    init() {
        executor = ThreadExecutor(name: "counter")
        executor.setIdleHook { [weak self] in self?.assumeIsolated { $0.idle() } ?? nil }
    }

    /// After a job comes back once, a little later.
    private func idle() -> Duration? {
        idles += 1
        defer { idledAt = count }
        return idledAt == count ? nil : .milliseconds(5)
    }

    func add() { count += 1 }
}

struct ThreadExecutorTests {
    @Test func `jobs from many tasks run one at a time, and idling follows work`() async {
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 { group.addTask { await counter.add() } }
        }
        #expect(await counter.count == 1000)
        #expect(await counter.idles > 0)
    }

    @Test func `idling comes back when it says so, without a job`() async throws {
        let counter = Counter()
        await counter.add()
        // Each look is a job, too, after which it idles anew.
        let before = await counter.idles
        try await Task.sleep(for: .milliseconds(200))
        #expect(await counter.idles > before + 1)
    }

    @Test func `an actor released by its last job takes its thread with it`() async {
        for _ in 0..<200 {
            let counter = Counter()
            await counter.add()
        }
    }
}
