internal import Glibc
internal import PuyPuyCore
internal import Synchronization

/// Measures file systems that may never answer, each on a thread of its own.
///
/// statvfs(3) on a share whose server is gone cannot be interrupted. A share that does not answer
/// within two seconds is given up for the run and not asked again until its answer came, so there
/// is at most one stuck thread for each share.
final class NetworkMounts: Sendable {
    /// How long a share may take.
    private let patience: Duration
    private let measure: @Sendable (String) throws(ChecksError) -> FileSystemUsage
    private let unanswered = Mutex<Set<String>>([])

    /// `patience` is far more than a share that works needs; `measure` is statvfs(3), or what a test
    /// takes for it.
    init(
        patience: Duration = .seconds(2),
        measure: @escaping @Sendable (String) throws(ChecksError) -> FileSystemUsage =
            FileSystemUsage.read
    ) {
        self.patience = patience
        self.measure = measure
    }

    /// How full the file system at `path` is. Blocks for its patience at most.
    func usage(_ path: String) throws(ChecksError) -> FileSystemUsage {
        guard unanswered.withLock({ $0.insert(path).inserted }) else { throw silent(path) }
        let answer = Answer()
        let question = Question { [self] in
            let result = Result { () throws(ChecksError) in try measure(path) }
            unanswered.withLock { _ = $0.remove(path) }
            answer.give(result)
        }
        guard question.askOnNewThread() else {
            unanswered.withLock { _ = $0.remove(path) }
            throw ChecksError(operation: "measure", subject: path, cause: "no thread is left")
        }
        guard let result = answer.wait(patience) else { throw silent(path) }
        return try result.get()
    }

    private func silent(_ path: String) -> ChecksError {
        ChecksError(
            operation: "measure", subject: path,
            cause: "it has not answered for \(patience)",
            hint: "see whether the server of this share is up")
    }
}

/// What a new thread does.
private final class Question: Sendable {
    private let work: @Sendable () -> Void

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }

    /// False when the system has no thread to give.
    func askOnNewThread() -> Bool {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Question>.fromOpaque(context!).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

/// Where one thread waits for another's result.
///
/// `@unchecked Sendable`: `result` is touched with `mutex` held only.
private final class Answer: @unchecked Sendable {
    typealias Usage = Result<FileSystemUsage, ChecksError>

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let given = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var result: Usage?

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(given, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(given)
        pthread_mutex_destroy(mutex)
        given.deallocate()
        mutex.deallocate()
    }

    func give(_ result: Usage) {
        pthread_mutex_lock(mutex)
        self.result = result
        pthread_cond_signal(given)
        pthread_mutex_unlock(mutex)
    }

    func wait(_ patience: Duration) -> Usage? {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let endNs = Int64(end.tv_nsec) + patience.nanoseconds
        end.tv_sec += Int(endNs / 1_000_000_000)
        end.tv_nsec = Int(endNs % 1_000_000_000)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while result == nil {
            if pthread_cond_timedwait(given, mutex, &end) == ETIMEDOUT { break }
        }
        return result
    }
}
