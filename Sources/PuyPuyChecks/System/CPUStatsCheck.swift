internal import PuyPuyCore

/// `cpustats`: what the processors did since the previous run, in percent of their time.
///
/// Source: `/proc/stat`, described in proc(5). The first run gives nothing, since the kernel counts
/// from boot. Guest time is left out of the sum because it is in user and nice time already, so
/// user, nice, system, idle, iowait, irq, softirq and steal add up to 100.
struct CPUStatsCheck: Check {
    static let description = CheckDescription(
        name: "cpustats", section: "CPU Stats",
        summary: "what the processors spend their time on, in percent",
        options: [
            CheckOption(
                key: "percore_stats", form: .flag, defaultText: "True",
                help: "whether each processor is reported beside all of them together")
        ] + CheckOption.obsoleteThresholds(high: "90", severe: "95"),
        make: {
            CPUStatsCheck(
                root: HostRoot($0.rootPath), perCore: try $0.flag("percore_stats", default: true))
        })

    let root: HostRoot
    let perCore: Bool

    func collect(into sample: inout Sample) throws {
        let processors = CPUStatsCheck.parse(try root.read("/proc/stat")[...])
        guard !processors.isEmpty else {
            throw ChecksError(
                operation: "find", subject: "a cpu line in \(root.path("/proc/stat"))",
                cause: "there is none")
        }
        for processor in processors where perCore || processor.core == "all" {
            add(processor, to: &sample)
        }
    }

    /// A kind of time that goes down gives no point: proc(5) says that of iowait.
    private func add(_ processor: Processor, to sample: inout Sample) {
        var spent: [Double?] = []
        for (kind, jiffies) in zip(CPUStatsCheck.kinds, processor.jiffies) {
            spent.append(sample.difference(of: "\(processor.core).\(kind)", .integer(jiffies)))
        }
        let sum = spent.reduce(0) { $0 + ($1 ?? 0) }
        guard sum > 0 else { return }
        let tags: Tags = ["core": processor.core]
        for (kind, jiffies) in zip(CPUStatsCheck.kinds, spent) {
            guard let jiffies else { continue }
            sample.gauge("cpu_\(kind)", .double(jiffies / sum * 100), type: "gauge", tags: tags)
        }
        if let user = spent[0], let nice = spent[1], let system = spent[2] {
            let load = (user + nice + system) / sum * 100
            sample.gauge("cpu_load", .double(load), type: "gauge", tags: tags)
        }
    }

    /// The first eight columns of a line, in its order.
    static let kinds = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"]

    /// One line: the time since boot, in jiffies, of one processor or all.
    struct Processor: Equatable {
        /// `all`, or `core` and the kernel's number.
        let core: String
        /// As many as ``CPUStatsCheck/kinds``.
        let jiffies: [Int64]
    }

    /// The lines `cpu` and `cpuN`. A kernel that has fewer columns has no such time: zero.
    static func parse(_ text: ArraySlice<UInt8>) -> [Processor] {
        var processors: [Processor] = []
        var lines = ByteLines(text)
        while let line = lines.next() {
            guard line.begins(with: "cpu") else { continue }
            var words = ByteWords(line)
            guard let name = words.next() else { continue }
            let number = name.dropFirst(3)
            guard number.isEmpty || Int(digits: number) != nil else { continue }
            var jiffies: [Int64] = []
            while jiffies.count < kinds.count, let word = words.next(),
                let count = Int64(digits: word)
            {
                jiffies.append(count)
            }
            guard jiffies.count >= 4 else { continue }
            while jiffies.count < kinds.count { jiffies.append(0) }
            let core = number.isEmpty ? "all" : "core\(number.text)"
            processors.append(Processor(core: core, jiffies: jiffies))
        }
        return processors
    }
}
