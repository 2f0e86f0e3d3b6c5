internal import PuyPuyCore

/// `load_average`: how many tasks ran or waited for a disk, on average.
///
/// Source: `/proc/loadavg`, described in proc(5).
struct LoadAverageCheck: Check {
    static let description = CheckDescription(
        name: "load_average", section: "Load Average",
        summary: "load averages over 1, 5 and 15 minutes",
        options: CheckOption.obsoleteThresholds(high: "95", severe: "100"),
        make: { LoadAverageCheck(root: HostRoot($0.rootPath)) })

    let root: HostRoot

    func collect(into sample: inout Sample) throws {
        let averages = LoadAverageCheck.parse(try root.read("/proc/loadavg")[...])
        guard averages.count == 3 else {
            throw ChecksError(
                operation: "understand", subject: root.path("/proc/loadavg"),
                cause: "it does not begin with three numbers")
        }
        for (metric, average) in zip(["sys_load_1", "sys_load_5", "sys_load_15"], averages) {
            sample.gauge(metric, .double(average))
        }
    }

    /// The averages over 1, 5 and 15 minutes; fewer when the text does not have them.
    static func parse(_ text: ArraySlice<UInt8>) -> [Double] {
        var words = ByteWords(text)
        var averages: [Double] = []
        while averages.count < 3, let average = words.next().flatMap({ Double($0.text) }) {
            averages.append(average)
        }
        return averages
    }
}
