import Glibc
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

@Suite(.timeLimit(.minutes(10)))
struct ResidentCheckTests {
    private let root: TemporaryDirectory
    private let log = LogLines()

    init() throws { root = try TemporaryDirectory() }

    private func check(_ text: String) throws -> ResidentCheck {
        let path = try root.write("check_r", text, mode: 0o755)
        return ResidentCheck(path: path, logger: log.logger)
    }

    /// Collects at `seconds` until a run satisfies `isEnough`; returns all points and that run's
    /// problem.
    private func collect(
        _ check: ResidentCheck, at seconds: Double = 100,
        until isEnough: ([Point], String?) -> Bool
    ) async -> (points: [Point], problem: String?) {
        var points: [Point] = []
        var problem: String?
        for _ in 0..<2000 {
            var sample = sample(of: "r", at: seconds)
            problem = nil
            do { try await check.collect(into: &sample) } catch { problem = "\(error)" }
            points += sample.points
            if isEnough(points, problem) { break }
            await Task.yield()
        }
        return (points, problem)
    }

    @Test func `a program is started once, and each run takes what it printed since`() async throws
    {
        let check = try check(
            """
            #!/bin/sh
            echo "started,pid=$$ value=1i"
            mkfifo \(root.path)/more
            while read line < \(root.path)/more; do echo "$line"; done

            """)
        let (first, problem) = await collect(check) { points, _ in !points.isEmpty }
        #expect(problem == nil)
        #expect(first[0].series.metric == "started")
        #expect(first[0].timestampNs == 100_000_000_000)
        #expect(eventually { access(root.path + "/more", F_OK) == 0 })
        try writeBytes(Array("again,k=v value=2 5\n".utf8), to: root.path + "/more")
        let (second, _) = await collect(check, at: 110) { points, _ in !points.isEmpty }
        #expect(second.map(\.series.metric) == ["again"])
        #expect(second[0].timestampNs == 5)
        await check.retire()
        let pid = try #require(first[0].series.tags["pid"].flatMap { pid_t($0) })
        #expect(isGone(pid))
    }

    @Test func `a program that ends is started again, after pauses that grow`() async throws {
        let check = try check(
            """
            #!/bin/sh
            echo "starts value=$(cat \(root.path)/n 2>/dev/null || echo 0)"
            echo 1 > \(root.path)/n
            echo "out of paper" >&2
            exit 3

            """)
        let (first, problem) = await collect(check) { _, problem in problem != nil }
        #expect(first.map(\.value) == [.double(0)])
        #expect(problem?.contains("it ended: exit status 3; it starts again in 1 s") == true)
        #expect(problem?.contains("out of paper") == true)
        let (none, waits) = await collect(check, at: 100.5) { _, problem in problem != nil }
        #expect(none.isEmpty)
        #expect(waits?.contains("it ended: exit status 3; it starts again in 1 s") == true)
        let (second, next) = await collect(check, at: 101) { _, problem in problem != nil }
        #expect(second.map(\.value) == [.double(1)])
        #expect(next?.contains("it starts again in 2 s") == true)
    }

    @Test func `a line that is not finished waits for its end, and a bad one is counted`()
        async throws
    {
        let check = try check(
            "#!/bin/sh\nprintf 'bad\\nm value=1\\nm value=\"text\"\\nhalf val'\nsleep 1000\n")
        var sample = sample(of: "r")
        try await check.collect(into: &sample)
        #expect(sample.points.map(\.series.metric) == ["m"])
        #expect(
            sample.refusals == [
                Refusal(metric: "bad", reason: .unreadable),
                Refusal(metric: "m", reason: .unreadable),
            ])
        #expect(log.all.contains { $0.contains("reason=it has no value") })
        await check.retire()
    }

    @Test func `a program that cannot start says why`() async throws {
        let (_, problem) = await collect(try check("#!/nowhere/sh\n")) { _, problem in
            problem != nil
        }
        #expect(problem?.contains("its interpreter /nowhere/sh is missing") == true)
    }
}
