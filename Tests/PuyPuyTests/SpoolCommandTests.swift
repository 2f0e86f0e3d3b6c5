import Foundation
import TestSupport
import Testing

/// The commands that check a spool and write what it holds.
@Suite(.timeLimit(.minutes(10)))
struct SpoolCommandTests {
    /// An installation whose spool holds the points of one round.
    private func collected() throws -> Installation {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                cluster_name: test
                hostname: command.example
                [TSDB]
                tsdtype: Local
                """, checks: ["memory", "load_average"])
        let output = try puypuy.run(["once", "--send"])
        #expect(output.code == 0, "\(output.errors)")
        return puypuy
    }

    private func overwrite(_ path: String, at offset: Int, count: Int) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(repeating: 0xA5, count: count))
        try file.close()
    }

    /// Changes a byte of the oldest batch, behind the back of the program.
    private func damageFirstBatch(_ puypuy: Installation) throws {
        let sql =
            "UPDATE batch SET payload = zeroblob(100) WHERE id = (SELECT min(id) FROM batch)"
        let child = try ChildProcess("sqlite3", [puypuy.path + "/var/spool.db", sql])
        #expect(child.waitForEnd(within: .seconds(60)) && child.exitCode == 0)
    }

    @Test func `verify says that a spool is sound, with exit code 0`() throws {
        let puypuy = try collected()
        let output = try puypuy.run(["spool", "verify"])
        #expect(output.code == 0, "\(output.errors)")
        #expect(output.text.contains("sound"))
        let json = try puypuy.run(["spool", "verify", "--json"])
        #expect(json.text.contains("\"sound\":true"))
    }

    @Test func `verify takes a file, and needs no configuration for it`() throws {
        let puypuy = try collected()
        try FileManager.default.removeItem(atPath: puypuy.path + "/config.ini")
        let output = try puypuy.run(["spool", "verify", "var/spool.db"])
        #expect(output.code == 0, "\(output.errors)")
    }

    @Test func `verify says what is damaged and what to do, with exit code 1`() throws {
        let puypuy = try collected()
        let path = puypuy.path + "/var/spool.db"
        let size = try #require(
            FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        try overwrite(path, at: 8192, count: size - 8192)
        let output = try puypuy.run(["spool", "verify"])
        #expect(output.code == 1)
        #expect(output.text.contains("DAMAGED"), "\(output.text)\(output.errors)")
        #expect(output.text.contains("puypuy spool salvage"))
        let json = try puypuy.run(["spool", "verify", "--json"])
        #expect(json.code == 1)
        #expect(json.text.contains("\"sound\":false"))
    }

    @Test(arguments: ["line", "csv", "json"])
    func `export writes every retained point in the format asked for`(format: String) throws {
        let puypuy = try collected()
        let count = try puypuy.collected().values.reduce(0) { $0 + $1.count }
        let output = try puypuy.run(["spool", "export", "--format", format])
        #expect(output.code == 0, "\(output.errors)")
        // Swift takes a carriage return and a newline for one character.
        let lines = output.text.split { $0.isNewline }.map(String.init)
        #expect(lines.count == count + (format == "csv" ? 1 : 0))
        let memory = try #require(lines.first { $0.contains("mem_total") })
        switch format {
        case "line":
            #expect(memory.hasPrefix("mem_total,"))
            #expect(memory.contains(",host=command.example"))
            #expect(memory.contains(" value="))
        case "csv":
            #expect(lines[0].hasPrefix("time,metric,"))
            #expect(lines[0].hasSuffix(",value"))
            #expect(
                Set(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count })
                    .count == 1)
            #expect(output.text.hasSuffix("\r\n"))
        default:
            let object = try #require(
                JSONSerialization.jsonObject(with: Data(memory.utf8)) as? [String: Any])
            #expect(object["metric"] as? String == "mem_total")
            #expect((object["tags"] as? [String: String])?["host"] == "command.example")
            #expect(object["time_ns"] is Int)
            #expect(object["value"] is Double)
        }
    }

    @Test func `exported lines bring the same points to an InfluxDB`() throws {
        let server = try InfluxServer.started()
        let puypuy = try collected()
        let output = try puypuy.run(["spool", "export", "--format", "line"])
        try server.write(output.text)
        let there = try server.points().mapValues { $0.map { [Double($0.timestampNs), $0.value] } }
        let here = try puypuy.collected()
            .mapValues { $0.map { [Double($0.timestampNs), $0.value] } }
        #expect(!here.isEmpty)
        #expect(there == here)
    }

    @Test func `a field of CSV that needs quotes has them`() throws {
        let puypuy = try Installation(
            configuration: "[SelfConfig]\nhostname: a.example\n[TSDB]\ntsdtype: Local\n",
            scripts: ["check_odd.sh": "#!/bin/sh\necho 'odd_metric 5 room=a\"b,c'\n"])
        #expect(try puypuy.run(["once", "--send"]).code == 0)
        let output = try puypuy.run(["spool", "export", "--format", "csv"])
        #expect(output.code == 0, "\(output.errors)")
        #expect(output.text.contains(#""a""b,c""#), "\(output.text)")
    }

    @Test func `a damaged batch is left out of the export, with words and exit code 1`() throws {
        let puypuy = try collected()
        #expect(try puypuy.run(["once", "--send"]).code == 0)
        let whole = try puypuy.run(["spool", "export", "--format", "json"])
        try damageFirstBatch(puypuy)
        let output = try puypuy.run(["spool", "export", "--format", "json", "--output", "p.json"])
        #expect(output.code == 1)
        #expect(output.errors.contains("1 batch is damaged"), "\(output.errors)")
        let lines = readText(puypuy.path + "/p.json").split(separator: "\n")
        #expect(!lines.isEmpty && lines.count < whole.text.split(separator: "\n").count)
        let query = try puypuy.run(["spool", "query", "SELECT count(*) FROM points"])
        #expect(query.code == 1)
        #expect(query.text == "count(*)\r\n\(lines.count)\r\n")
        #expect(query.errors.contains("1 batch is damaged"), "\(query.errors)")
    }

    @Test func `export and query work beside the daemon`() throws {
        let puypuy = try Installation(
            configuration: "[SelfConfig]\ncheck_period_seconds: 1\n[TSDB]\ntsdtype: Local\n",
            checks: ["memory"])
        try puypuy.start()
        var seen = 0
        #expect(
            eventually {
                let output = try? puypuy.run(["spool", "export", "--format", "json"])
                seen = output?.text.split(separator: "\n").count ?? 0
                return output?.code == 0 && seen > 0
            }, "\(puypuy.log)")
        let query = try puypuy.run(["spool", "query", "SELECT count(*) FROM points"])
        #expect(query.code == 0, "\(query.errors)")
        let count = query.text.split(whereSeparator: \.isNewline).last.flatMap { Int($0) } ?? 0
        #expect(count >= seen)
        #expect(puypuy.stop() == 0)
    }

    @Test func `export chooses by metric and by time`() throws {
        let puypuy = try collected()
        let memory = try puypuy.run(
            ["spool", "export", "--format", "line", "--metric", "mem_total", "--since", "1h"])
        #expect(memory.text.split(separator: "\n").count == 1)
        let past = try puypuy.run(
            ["spool", "export", "--format", "line", "--from", "2020-01-01", "--to", "2020-01-02"])
        #expect(past.code == 0)
        #expect(past.text.isEmpty)
    }

    @Test func `an exported file is private, complete, and takes the place of the one before`()
        throws
    {
        let puypuy = try collected()
        try puypuy.directory.write("points.csv", "old")
        let output = try puypuy.run(
            ["spool", "export", "--format", "csv", "--output", "points.csv"])
        #expect(output.code == 0, "\(output.errors)")
        #expect(output.text.isEmpty)
        #expect(output.errors.contains("points in points.csv"))
        let text = readText(puypuy.path + "/points.csv")
        #expect(text.hasPrefix("time,metric,"))
        #expect(text == (try puypuy.run(["spool", "export", "--format", "csv"])).text)
        var status = stat()
        #expect(stat(puypuy.path + "/points.csv", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(!names(inDirectory: puypuy.path).contains { $0.contains("partial") })
    }

    @Test func `an export that cannot be written leaves nothing behind`() throws {
        let puypuy = try collected()
        let missing = try puypuy.run(
            ["spool", "export", "--format", "csv", "--output", "nowhere/points.csv"])
        #expect(missing.code == 1)
        #expect(missing.errors.contains("No such file or directory"))
        // A folder cannot be replaced by a file: the last step fails.
        let folder = try puypuy.run(["spool", "export", "--format", "csv", "--output", "var"])
        #expect(folder.code == 1)
        #expect(!names(inDirectory: puypuy.path).contains { $0.contains("partial") })
    }

    @Test func `a reader of the export that is gone is no failure`() throws {
        let puypuy = try collected()
        // A pipe whose reading end is closed before the command starts.
        let script = """
            cd "$1" && mkfifo pipe && exec 3<>pipe 4>pipe 3<&-
            "$2" spool export --format json >&4; echo "code $?"
            """
        let child = try ChildProcess(
            "/bin/sh", ["-c", script, "sh", puypuy.path, puypuy.program],
            log: puypuy.path + "/pipe.log")
        #expect(child.waitForEnd(within: .seconds(60)))
        let text = readText(puypuy.path + "/pipe.log")
        #expect(text.contains("code 0"), "\(text)")
        #expect(!text.contains("puypuy:"))
    }

    @Test func `salvage takes a spool that was moved aside into the new one, once`() throws {
        let puypuy = try collected()
        let count = try puypuy.collected().values.reduce(0) { $0 + $1.count }
        let path = puypuy.path + "/var/spool.db"
        // The page of the schema: SQLite reads nothing of such a file.
        try overwrite(path, at: 0, count: 4096)
        let daemon = try puypuy.run(["once", "--send"])
        #expect(daemon.code == 0, "\(daemon.errors)")
        let name = try #require(
            names(inDirectory: puypuy.path + "/var").first {
                $0.hasPrefix("spool.db.damaged-") && $0.last?.isNumber == true
            })
        #expect(daemon.errors.contains("puypuy spool salvage"))
        #expect(daemon.errors.contains(name))
        let file = "var/" + name
        let status = try puypuy.run(["status"]).text
        #expect(status.contains("the spool was damaged, and moved aside: "), "\(status)")
        #expect(status.contains("puypuy spool salvage ") && status.contains(name))
        let dry = try puypuy.run(["spool", "salvage", file, "--dry-run"])
        #expect(dry.code == 0, "\(dry.text)\(dry.errors)")
        #expect(dry.text.contains("\(count) points"), "\(dry.text)")
        #expect(dry.text.contains("would come over"))
        let before = try puypuy.collected().values.reduce(0) { $0 + $1.count }
        let output = try puypuy.run(["spool", "salvage", file])
        #expect(output.code == 0, "\(output.text)\(output.errors)")
        #expect(output.text.contains("nothing is known to be lost"))
        #expect(try puypuy.collected().values.reduce(0) { $0 + $1.count } == before + count)
        let again = try puypuy.run(["spool", "salvage", file, "--json"])
        #expect(again.text.contains("\"points\":0"))
        #expect(again.text.contains("\"known_points\":\(count)"))
        #expect(try puypuy.run(["spool", "inspect", "--audit"]).code == 0)
        #expect(try puypuy.run(["spool", "verify"]).code == 0)
    }

    @Test func `salvage says what it cannot take, and makes no spool for it`() throws {
        let puypuy = try collected()
        try FileManager.default.moveItem(
            atPath: puypuy.path + "/var", toPath: puypuy.path + "/old")
        for (file, words) in [
            ("old", "it is a directory"), ("old/none.db", "No such file"),
            ("config.ini", "no SQLite database"),
        ] {
            let output = try puypuy.run(["spool", "salvage", file])
            #expect(output.code == 1)
            #expect(output.errors.contains(words), "\(output.errors)")
        }
    }

    @Test func `salvage beside the daemon goes through it, while it collects`() throws {
        let other = try collected()
        let count = try other.collected().values.reduce(0) { $0 + $1.count }
        let puypuy = try collected()
        try FileManager.default.copyItem(
            atPath: other.path + "/var/spool.db", toPath: puypuy.path + "/copy.db")
        try puypuy.start()
        defer { puypuy.kill() }
        let output = try puypuy.run(["spool", "salvage", "copy.db"])
        #expect(output.code == 0, "\(output.errors)")
        #expect(output.text.contains("\(count) points"), "\(output.text)")
        #expect(output.text.contains("nothing is known to be lost"))
        let again = try puypuy.run(["spool", "salvage", "copy.db", "--json"])
        #expect(again.code == 0, "\(again.errors)")
        #expect(again.text.contains("\"known_points\":\(count)"), "\(again.text)")
        let refused = try puypuy.run(["spool", "salvage", "config.ini"])
        #expect(refused.code == 1)
        #expect(refused.errors.contains("no SQLite database"), "\(refused.errors)")
        #expect(puypuy.stop() == 0)
        #expect(puypuy.log.contains("salvaged"))
        #expect(try puypuy.audit())
        #expect(try puypuy.run(["spool", "verify"]).code == 0)
    }

    @Test(.enabled(if: getuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0))
    func `without permission the commands say so, and verify needs only to read`() throws {
        let puypuy = try collected()
        let path = puypuy.path + "/var/spool.db"
        for folder in ["", "/var"] { chmod(puypuy.path + folder, 0o755) }
        chmod(puypuy.path + "/config.ini", 0o644)
        for name in names(inDirectory: puypuy.path + "/checks_enabled") {
            chmod(puypuy.path + "/checks_enabled/" + name, 0o644)
        }
        func asNobody(_ arguments: [String]) throws -> (code: Int32?, text: String) {
            let log = puypuy.path + "/nobody.log"
            let child = try ChildProcess(
                "/usr/bin/setpriv",
                ["--reuid", "65534", "--regid", "65534", "--clear-groups", puypuy.program]
                    + arguments + ["--config", puypuy.path + "/config.ini"], log: log)
            #expect(child.waitForEnd(within: .seconds(60)))
            defer { unlink(log) }
            return (child.exitCode, readText(log))
        }
        let once = try asNobody(["once", "--send"])
        #expect(once.code == 1)
        #expect(once.text.contains("Permission denied; check that"), "\(once.text)")
        let salvage = try asNobody(["spool", "salvage", path])
        #expect(salvage.code == 1)
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        chmod(path, 0o600)
        let refused = try asNobody(["spool", "verify", path])
        #expect(refused.code == 1)
        #expect(refused.text.contains("Permission denied"), "\(refused.text)")
        chmod(path, 0o644)
        let verified = try asNobody(["spool", "verify", path])
        #expect(verified.code == 0, "\(verified.text)")
        #expect(verified.text.contains("sound"))
    }
}
