import Foundation
import TestSupport
import Testing

/// The commands that check a spool and write what it holds.
@Suite(.timeLimit(.minutes(2)))
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
}
