import Foundation
import TestSupport

/// The wall clock of a program, which a test steps: see Tests/SteppedClock.
final class SteppedClock {
    /// What the program is started with.
    let wrapper: [String]
    private let folder: TemporaryDirectory
    private let file: UnsafeMutablePointer<Int64>
    private static let sizeBytes = 24

    /// A clock that shows this when the program starts.
    init(_ clock: ClockTests.Clock) throws {
        let library =
            URL(filePath: Installation.program).deletingLastPathComponent().path
            + "/libSteppedClock.so"
        guard FileManager.default.fileExists(atPath: library) else {
            throw TestSupportError("\(library) is missing: build with --build-tests")
        }
        folder = try TemporaryDirectory("puypuy-clock")
        let path = folder.path + "/clock"
        try writeBytes([UInt8](repeating: 0, count: SteppedClock.sizeBytes), to: path, mode: 0o644)
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        let mapped = mmap(
            nil, SteppedClock.sizeBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped, mapped != MAP_FAILED else {
            throw TestSupportError("cannot map \(path): \(String(cString: strerror(errno)))")
        }
        file = mapped.assumingMemoryBound(to: Int64.self)
        wrapper = ["env", "LD_PRELOAD=\(library)", "PUYPUY_CLOCK_FILE=\(path)"]
        set(clock)
    }

    deinit { munmap(file, SteppedClock.sizeBytes) }

    /// The clock shows this from now on. The three numbers do not change at one moment: a look in
    /// between sees one of the two.
    func set(_ clock: ClockTests.Clock) {
        switch clock {
        case .right: (file[0], file[1]) = (0, 0)
        case .hours(let hours): (file[0], file[1]) = (Int64(hours) * 3_600_000_000_000, 0)
        case .epoch: (file[0], file[1]) = (10_000_000_000 - wallClockNs(), 0)
        case .slower(let parts):
            var boot = timespec()
            clock_gettime(CLOCK_BOOTTIME, &boot)
            file[2] = Int64(boot.tv_sec) * 1_000_000_000 + Int64(boot.tv_nsec)
            (file[0], file[1]) = (0, -Int64(parts))
        }
    }
}
