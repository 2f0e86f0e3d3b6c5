import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct CPUStatsCheckTests {
    static let processors: [(HostShape, Int)] = [
        (.virtualMachine, 2), (.manyProcessors, 128), (.nvmeLVM, 8), (.container, 4),
        (.ipv6Only, 2), (.oldKernel, 2),
    ]

    @Test(arguments: processors)
    func `the first run gives nothing and the second real percentages`(
        shape: HostShape, count: Int
    ) throws {
        let text = readText(shape.path + "/proc/stat")
        let root = try TemporaryDirectory()
        try root.write("/proc/stat", text)
        let check = CPUStatsCheck(root: HostRoot(root.path), perCore: true)
        var first = sample(of: "cpustats", at: 100)
        try check.collect(into: &first)
        #expect(first.points.isEmpty)

        try root.write("/proc/stat", advanced(text))
        var second = sample(of: "cpustats", at: 110, after: first)
        try check.collect(into: &second)
        let cores = Set(["all"] + (0..<count).map { "core\($0)" })
        #expect(second.tagValues("core", of: "cpu_user") == cores)
        #expect(second.points.count == (count + 1) * 9)
        #expect(second.points.allSatisfy { $0.series.tags["type"] == "gauge" })
        // The columns grew by 10, 20, ... as far as this kernel has them.
        let columns = shape == .oldKernel ? 7 : 8
        let sum = Double((1...columns).reduce(0, +))
        for core in cores {
            let parts = CPUStatsCheck.kinds.compactMap {
                second.value("cpu_\($0)", ["core": core])?.asDouble
            }
            #expect(abs(parts.reduce(0, +) - 100) < 1e-9)
            #expect(abs(parts[0] - 100 / sum) < 1e-9)
            let load = try #require(second.value("cpu_load", ["core": core])).asDouble
            #expect(abs(load - 600 / sum) < 1e-9)
        }
    }

    /// The text with its columns 10, 20, 30, ... larger.
    private func advanced(_ text: String) -> String {
        text.split(separator: "\n").map { line in
            guard line.hasPrefix("cpu") else { return String(line) }
            let numbers = words(String(line))
            let grown = numbers.dropFirst().enumerated().map { column, word in
                // Guest time, columns nine and ten, is part of user and nice time.
                column < 8 ? "\(Int64(word)! + Int64(column + 1) * 10)" : word
            }
            return ([numbers[0]] + grown).joined(separator: " ")
        }.joined(separator: "\n") + "\n"
    }

    @Test func `without percore_stats there is only all`() throws {
        let description = CPUStatsCheck.description
        let root = try TemporaryDirectory()
        let options = ["percore_stats": "no", "static_enabled": "True"]
        let check = try description.make(CheckContext(rootPath: root.path, options: options))
        let cpu = try #require(check as? CPUStatsCheck)
        try root.write("/proc/stat", "cpu 0 0 0 0\ncpu0 0 0 0 0\n")
        var first = sample(of: "cpustats", at: 1)
        try cpu.collect(into: &first)
        try root.write("/proc/stat", "cpu 1 0 0 3\ncpu0 1 0 0 3\n")
        var second = sample(of: "cpustats", at: 2, after: first)
        try cpu.collect(into: &second)
        #expect(second.tagValues("core", of: "cpu_user") == ["all"])
        #expect(second.value("cpu_user") == .double(25))
    }

    @Test func `time that goes down costs only its own kind a point`() throws {
        let root = try TemporaryDirectory()
        let check = CPUStatsCheck(root: HostRoot(root.path), perCore: true)
        try root.write("/proc/stat", "cpu 10 0 0 10 50 0 0 0\n")
        var first = sample(of: "cpustats", at: 1)
        try check.collect(into: &first)
        try root.write("/proc/stat", "cpu 15 0 0 15 49 0 0 0\n")
        var second = sample(of: "cpustats", at: 2, after: first)
        try check.collect(into: &second)
        #expect(second.value("cpu_iowait") == nil)
        #expect(second.value("cpu_user") == .double(50))
        #expect(second.counterResets == 1)
    }

    @Test func `only the cpu lines are read`() {
        let text = "cpu 1 2 3 4\ncpu7 1 2 3 4\ncpufreq 9 9 9 9\nintr 1 cpu0 5 5 5 5\ncpu0 x\n"
        #expect(CPUStatsCheck.parse(bytes(text)).map(\.core) == ["all", "core7"])
    }

    @Test func `an option that is no yes or no is named`() {
        let context = CheckContext(rootPath: "/", options: ["percore_stats": "maybe"])
        let error = #expect(throws: ChecksError.self) {
            _ = try CPUStatsCheck.description.make(context)
        }
        #expect(error?.subject == "percore_stats")
    }
}
