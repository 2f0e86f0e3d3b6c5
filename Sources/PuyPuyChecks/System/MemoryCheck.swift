internal import PuyPuyCore

/// `memory`: how much memory there is and what it is used for.
///
/// Source: `/proc/meminfo`, described in proc(5) and Documentation/filesystems/proc.rst.
struct MemoryCheck: Check {
    static let description = CheckDescription(
        name: "memory", section: "Memory Stats", summary: "memory in use, available and cached",
        options: CheckOption.obsoleteThresholds(high: "90", severe: "95"),
        make: { MemoryCheck(root: HostRoot($0.rootPath)) })

    let root: HostRoot

    func collect(into sample: inout Sample) throws {
        let sizes = MemoryCheck.parse(try root.read("/proc/meminfo")[...])
        for (metric, key) in MemoryCheck.metrics {
            if let sizeBytes = sizes[key] { sample.gauge(metric, .integer(sizeBytes)) }
        }
        guard let total = sizes["MemTotal"], total > 0 else {
            throw ChecksError(
                operation: "find", subject: "MemTotal in \(root.path("/proc/meminfo"))",
                cause: "there is no such line with a size")
        }
        guard let available = MemoryCheck.available(sizes) else { return }
        if sizes["MemAvailable"] == nil { sample.gauge("mem_available", .integer(available)) }
        sample.gauge("mem_used_percent", .double(100 - Double(available) * 100 / Double(total)))
    }

    private static let metrics: [(metric: String, key: String)] = [
        ("mem_total", "MemTotal"), ("mem_available", "MemAvailable"), ("mem_buffers", "Buffers"),
        ("mem_cached", "Cached"), ("mem_swapcached", "SwapCached"), ("mem_active", "Active"),
        ("mem_inactive", "Inactive"),
    ]

    /// Kernels before 3.14 have no `MemAvailable`; then it is what free(1) took for it: free
    /// memory, buffers and the page cache.
    private static func available(_ sizes: [String: Int64]) -> Int64? {
        if let available = sizes["MemAvailable"] { return available }
        guard let free = sizes["MemFree"], let buffers = sizes["Buffers"],
            let cached = sizes["Cached"]
        else { return nil }
        return [buffers, cached].reduce(Int64?.some(free)) { sum, sizeBytes in
            sum.flatMap { sum in
                let (more, overflow) = sum.addingReportingOverflow(sizeBytes)
                return overflow ? nil : more
            }
        }
    }

    /// The sizes in bytes by their key, which is matched whole: `Cached` is not `SwapCached`.
    ///
    /// A `kB` there is 1024 bytes; lines without it count pages and are left out.
    static func parse(_ text: ArraySlice<UInt8>) -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        var lines = ByteLines(text)
        while let line = lines.next() {
            var words = ByteWords(line)
            guard let key = words.next(), key.last == UInt8(ascii: ":"),
                let kilobytes = words.next().flatMap({ Int64(digits: $0) }),
                words.next()?.equals("kB") == true
            else { continue }
            let (sizeBytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
            if !overflow { sizes[key.dropLast().text] = sizeBytes }
        }
        return sizes
    }
}
