internal import Glibc

/// A serial executor with a thread of its own, for an actor that blocks: on a disk, in libcurl.
///
/// Jobs run in the order in which they arrive. Whenever no job waits, the idle hook runs once before
/// the thread sleeps, which lets an actor finish together all the work that came in while it was
/// busy, or a little later. The thread ends when the executor is released, after the jobs that are left.
public final class ThreadExecutor: SerialExecutor {
    private let inbox: Inbox

    /// Starts a thread. `name` shows in `top -H` and in debuggers, cut to 15 bytes.
    public init(name: String) {
        inbox = Inbox(name: name)
        inbox.start()
    }

    deinit { inbox.close() }

    /// What runs on the thread each time that no job waits. When it returns a time, it runs again after
    /// it, or after the next job.
    public typealias IdleHook = @Sendable () -> Duration?

    /// Sets what runs each time that no job waits. Call it before the first job.
    public func setIdleHook(_ hook: @escaping IdleHook) { inbox.setIdleHook(hook) }

    /// Queues `job` behind those that wait.
    public func enqueue(_ job: consuming ExecutorJob) {
        inbox.add(Inbox.Entry(executor: self, job: UnownedJob(job)))
    }

    /// The executor as actors name it.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Stops the process when it is called on another thread.
    public func checkIsolated() {
        precondition(inbox.isCurrentThread, "not on the executor's thread")
    }
}

/// The jobs that wait, and the thread that runs them.
///
/// `@unchecked Sendable`: every stored property below `mutex` is read and written with it held;
/// `thread` is written once, before the thread's first job.
private final class Inbox: @unchecked Sendable {
    /// Holds the executor, so that it outlives its last job.
    struct Entry {
        let executor: ThreadExecutor
        let job: UnownedJob
    }

    private let name: String
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [Entry] = []
    private var closed = false
    private var idleHook: ThreadExecutor.IdleHook?
    private var thread: pthread_t?

    init(name: String) {
        self.name = name
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func start() {
        let context = Unmanaged.passRetained(self).toOpaque()
        var created = pthread_t()
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let result = pthread_create(
            &created, nil,
            { context in
                Unmanaged<Inbox>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context)
        precondition(result == 0, "no thread for \(name): \(String(cString: strerror(result)))")
        pthread_detach(created)
        thread = created
    }

    var isCurrentThread: Bool {
        guard let thread else { return false }
        return pthread_equal(thread, pthread_self()) != 0
    }

    func setIdleHook(_ hook: @escaping ThreadExecutor.IdleHook) {
        pthread_mutex_lock(mutex)
        idleHook = hook
        pthread_mutex_unlock(mutex)
    }

    func add(_ entry: Entry) {
        pthread_mutex_lock(mutex)
        waiting.append(entry)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func close() {
        pthread_mutex_lock(mutex)
        closed = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// proc(5): writing `/proc/thread-self/comm` names the thread; `pthread_setname_np` is not
    /// visible to Swift.
    private func nameThread() {
        let file = open("/proc/thread-self/comm", O_WRONLY)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        _ = Glibc.close(file)
    }

    private func run() {
        nameThread()
        while true {
            runAllWaiting()
            pthread_mutex_lock(mutex)
            let hook = waiting.isEmpty ? idleHook : nil
            pthread_mutex_unlock(mutex)
            let pause = hook?()
            pthread_mutex_lock(mutex)
            if let pause {
                waitForJob(within: pause)
            } else {
                while waiting.isEmpty && !closed { pthread_cond_wait(condition, mutex) }
            }
            let finished = waiting.isEmpty && closed
            pthread_mutex_unlock(mutex)
            if finished { return }
        }
    }

    /// With `mutex` held.
    private func waitForJob(within pause: Duration) {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let ns = Int64(end.tv_nsec) + max(pause.nanoseconds, 0)
        end.tv_sec += Int(ns / 1_000_000_000)
        end.tv_nsec = Int(ns % 1_000_000_000)
        var result: CInt = 0
        while waiting.isEmpty && !closed && result != ETIMEDOUT {
            result = pthread_cond_timedwait(condition, mutex, &end)
        }
    }

    private func runAllWaiting() {
        while true {
            pthread_mutex_lock(mutex)
            var batch: [Entry] = []
            swap(&batch, &waiting)
            pthread_mutex_unlock(mutex)
            if batch.isEmpty { return }
            for entry in batch {
                entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
            }
        }
    }
}
