import Glibc

/// Blocks threads, really, until it is opened.
///
/// `@unchecked Sendable`: a semaphore of the C library may be used by any thread.
final class Gate: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func wait() {
        while sem_wait(semaphore) != 0 {}
        sem_post(semaphore)
    }

    func open() { sem_post(semaphore) }
}
