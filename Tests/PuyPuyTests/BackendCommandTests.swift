import PuyPuyCore
import TestSupport
import Testing

/// `backend list`, `retry` and `forget` on the real program, with a daemon and without.
@Suite(.timeLimit(.minutes(10)))
struct BackendCommandTests {
    private static let start = "[SelfConfig]\ncheck_period_seconds: 1\n[TSDB]\ntsdtype: Local\n"
    private static let down =
        "[TSDB:far]\ntsdtype: InfluxDB\naddress: http://127.0.0.1:1\ndatabase: puypuy\n"

    private func installation(_ more: String = down) throws -> Installation {
        try Installation(configuration: Self.start + more, checks: ["memory"])
    }

    private func backend(_ name: String, _ puypuy: Installation) -> JSONValue? {
        let text = (try? puypuy.run(["backend", "list", "--json"]))?.text ?? ""
        return JSONValue(text.utf8)?["backends"]?.array?.first { $0["name"]?.string == name }
    }

    @Test func `a backend that is down is shown with its words and its next attempt`() throws {
        let puypuy = try installation()
        try puypuy.start()
        #expect(
            eventually {
                backend("far", puypuy)?["state"]?.string == "backing_off"
            }, "\(puypuy.log)")
        let shown = try puypuy.run(["backend", "list"])
        #expect(shown.code == 0 && shown.text.contains("backing off"), "\(shown.text)")
        #expect(shown.text.contains("far: last error"), "\(shown.text)")
        #expect(shown.text.lowercased().contains("connect"), "\(shown.text)")
        #expect(backend("far", puypuy)?["next_attempt_seconds"]?.double != nil)
        #expect(backend("default", puypuy)?["state"]?.string == "local")
        #expect(puypuy.stop() == 0)

        let stopped = try puypuy.run(["backend", "list"]).text
        #expect(stopped.contains("stopped") && stopped.contains("no daemon listens"), "\(stopped)")
        #expect(backend("far", puypuy)?["pending"]?.integer ?? 0 > 0)
    }

    @Test func `retry tries at once, and only a backend that the daemon sends to`() throws {
        let puypuy = try installation()
        let without = try puypuy.run(["backend", "retry", "far"])
        #expect(without.code == 1 && without.errors.contains("no daemon"), "\(without.errors)")
        try puypuy.start()
        #expect(
            eventually {
                backend("far", puypuy)?["state"]?.string == "backing_off"
            }, "\(puypuy.log)")
        let before = try #require(backend("far", puypuy)?["requests"]?.integer)
        #expect(try puypuy.run(["backend", "retry", "far"]).code == 0)
        #expect(eventually { backend("far", puypuy)?["requests"]?.integer ?? 0 > before })
        let unknown = try puypuy.run(["backend", "retry", "nobody"])
        #expect(unknown.code == 1 && unknown.errors.contains("nobody"), "\(unknown.errors)")
        #expect(puypuy.stop() == 0)
    }

    @Test func `without a daemon a removed backend is forgotten under the lock of the spool`()
        throws
    {
        let puypuy = try installation()
        #expect(try puypuy.run(["once", "--send"]).code == 1)
        let pending = try #require(try puypuy.inspect().backend("far")).pending
        try puypuy.directory.write("config.ini", Self.start)
        #expect(backend("far", puypuy)?["state"]?.string == "removed")
        let unasked = try puypuy.run(["backend", "forget", "far"])
        #expect(unasked.code == 2 && unasked.errors.contains("--yes"), "\(unasked.errors)")
        #expect(try puypuy.inspect().backend("far")?.pending == pending)
        let forgotten = try puypuy.run(["backend", "forget", "far", "--yes"])
        #expect(forgotten.code == 0, "\(forgotten.errors)")
        #expect(forgotten.text.contains("\(pending) pending points and 0 dead letters"))
        #expect(try puypuy.inspect().backend("far") == nil)
        #expect(try puypuy.audit())
    }

    @Test func `where there is no spool nothing is forgotten, and none is made`() throws {
        let puypuy = try installation()
        #expect(backend("far", puypuy)?["state"]?.string == "stopped")
        let output = try puypuy.run(["backend", "forget", "old", "--yes"])
        #expect(output.code == 1 && output.errors.contains("there is no spool"), "\(output.errors)")
        #expect(throws: (any Error).self) { try puypuy.inspect() }
    }
}
