import Testing

@testable import PuyPuyChecks

struct FileSystemUsageTests {
    @Test func `used is what is not free, and available what users can take`() {
        let usage = FileSystemUsage(blocks: 1000, free: 333, available: 283, blockBytes: 4096)
        #expect(usage.totalBytes == 4_096_000)
        #expect(usage.usedBytes == 667 * 4096)
        #expect(usage.availableBytes == 283 * 4096)
        #expect(usage.usedPercent == 66.7)
    }

    @Test func `percent has two decimals`() {
        let usage = FileSystemUsage(blocks: 3, free: 2, available: 2, blockBytes: 1)
        #expect(usage.usedPercent == 33.33)
    }

    @Test func `absurd answers do not trap`() {
        let usage = FileSystemUsage(blocks: 1, free: 2, available: .max, blockBytes: 4096)
        #expect(usage.usedBytes == 0)
        #expect(usage.availableBytes == .max)
    }

    @Test func `a path that is not there is named`() {
        let error = #expect(throws: ChecksError.self) { try FileSystemUsage.read("/nowhere/x") }
        #expect(error?.description == "cannot measure /nowhere/x: No such file or directory")
    }
}
