import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct LoadAverageCheckTests {
    @Test func `the three averages are numbers`() throws {
        var sample = sample(of: "load_average")
        let root = HostRoot(HostShape.manyProcessors.path)
        try LoadAverageCheck(root: root).collect(into: &sample)
        #expect(sample.points.count == 3)
        #expect(sample.value("sys_load_1", ["type": "untyped"]) == .double(97.12))
        #expect(sample.value("sys_load_5") == .double(101.4))
        #expect(sample.value("sys_load_15") == .double(88.03))
    }

    @Test(arguments: ["", "1.0 2.0\n", "a b c\n"])
    func `anything else is a problem`(text: String) throws {
        let root = try TemporaryDirectory()
        try root.write("/proc/loadavg", text)
        var sample = sample(of: "load_average")
        #expect(throws: ChecksError.self) {
            try LoadAverageCheck(root: HostRoot(root.path)).collect(into: &sample)
        }
        #expect(sample.points.isEmpty)
    }

    @Test func `this machine's averages lie between two readings of the file`() throws {
        // The kernel updates them every five seconds; between equal readings they are the same.
        for _ in 0..<20 {
            let before = words(readText("/proc/loadavg"))
            var sample = sample(of: "load_average")
            try LoadAverageCheck(root: HostRoot("/")).collect(into: &sample)
            let after = words(readText("/proc/loadavg"))
            guard before[0...2] == after[0...2] else { continue }
            let expected = before[0...2].compactMap(Double.init)
            #expect(sample.points.map(\.value.asDouble) == expected)
            return
        }
        Issue.record("the averages changed in each of twenty readings")
    }
}
