internal import Glibc

/// A task executor whose threads checks may block.
///
/// Threads are made when a job finds none idle, up to a limit, and end after a minute without work. A
/// thread that hangs in a check can be replaced: ``replaceStuckThread()`` raises the limit by one
/// until ``stuckThreadReturned()``.
final class RunThreads: TaskExecutor {
    private let pool: Pool

    /// At most `limit` threads that are not known to hang.
    init(limit: Int) { pool = Pool(limit: limit) }

    deinit { pool.close() }

    /// Lets an idle or new thread run `job`, or the next that is free.
    func enqueue(_ job: consuming ExecutorJob) {
        pool.add(Pool.Entry(executor: self, job: UnownedJob(job)))
    }

    /// Allows one more thread, since one hangs.
    func replaceStuckThread() { pool.changeLimit(by: 1) }

    /// Takes the permission back, since it no longer hangs.
    func stuckThreadReturned() { pool.changeLimit(by: -1) }

    /// The threads there are at the moment.
    var threadCount: Int { pool.threadCount }
}

/// The threads, and the jobs that wait for one.
///
/// `@unchecked Sendable`: every stored variable is read and written with `mutex` held.
private final class Pool: @unchecked Sendable {
    /// Holds the executor, so that it outlives its last job.
    struct Entry {
        let executor: RunThreads
        let job: UnownedJob
    }

    /// More than the usual period, so that each tick finds the threads of the last.
    private static let idleSeconds = 60

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [Entry] = []
    private var limit: Int
    private var threads = 0
    private var idle = 0
    private var closed = false

    init(limit: Int) {
        self.limit = max(limit, 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(arrival, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(arrival)
        pthread_mutex_destroy(mutex)
        arrival.deallocate()
        mutex.deallocate()
    }

    var threadCount: Int { locked { threads } }

    func add(_ entry: Entry) {
        locked {
            waiting.append(entry)
            pthread_cond_signal(arrival)
            makeThreads()
        }
    }

    func changeLimit(by change: Int) {
        locked {
            limit += change
            makeThreads()
        }
    }

    func close() {
        locked {
            closed = true
            pthread_cond_broadcast(arrival)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// With `mutex` held. Without a new thread the job waits for one of those there are.
    private func makeThreads() {
        guard waiting.count > idle && threads < limit else { return }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Pool>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            precondition(threads > 0, "no thread for checks: \(String(cString: strerror(result)))")
            return
        }
        pthread_detach(thread)
        threads += 1
    }

    private func run() {
        while let entry = next() {
            entry.job.runSynchronously(on: entry.executor.asUnownedTaskExecutor())
        }
    }

    /// The oldest job that waits, or `nil` when the thread is to end.
    private func next() -> Entry? {
        locked {
            var end = timespec()
            clock_gettime(CLOCK_MONOTONIC, &end)
            end.tv_sec += Pool.idleSeconds
            idle += 1
            var result: CInt = 0
            while waiting.isEmpty && !closed && result != ETIMEDOUT && threads <= limit {
                result = pthread_cond_timedwait(arrival, mutex, &end)
            }
            idle -= 1
            guard waiting.isEmpty else { return waiting.removeFirst() }
            threads -= 1
            return nil
        }
    }
}
