import Glibc
import TestSupport
import Testing

@testable import PuyPuyChecks

struct ScriptDirectoryTests {
    @Test func `executables named check_NAME are scripts and the rest is ignored`() throws {
        let root = try TemporaryDirectory()
        for name in ["check_b.sh", "check_a.py", "check_dotted.name.pl", "check_plain"] {
            try root.write(name, "", mode: 0o755)
        }
        for name in [
            "README", ".check_hidden.sh", "check_a.py~", "check_a.py.bak", "check_.sh",
            "check_x.sh.swp", "other.sh", "check_notes.md", "#check_a.sh#",
        ] {
            try root.write(name, "", mode: 0o755)
        }
        mkdir("\(root.path)/check_directory.sh", 0o755)
        let directory = try ScriptDirectory.scan(root.path)
        #expect(directory.scripts.map(\.name) == ["a", "b", "dotted.name", "plain"])
        #expect(directory.scripts[0].path == "\(root.path)/check_a.py")
        #expect(directory.problems.isEmpty)
    }

    @Test func `a script without the execute bit is a problem with its remedy`() throws {
        let root = try TemporaryDirectory()
        let path = try root.write("check_a.sh", "", mode: 0o644)
        let directory = try ScriptDirectory.scan(root.path + "/")
        #expect(directory.scripts.isEmpty)
        #expect(
            directory.problems.map(\.description) == [
                "cannot run \(path): it is not executable (chmod +x \(path))"
            ])
    }

    @Test func `of two scripts for one check the second is a problem`() throws {
        let root = try TemporaryDirectory()
        let first = try root.write("check_a.py", "", mode: 0o755)
        let second = try root.write("check_a.sh", "", mode: 0o755)
        let directory = try ScriptDirectory.scan(root.path)
        #expect(directory.scripts.map(\.path) == [first])
        #expect(directory.problems.map(\.subject) == [second])
    }

    @Test func `a link to nothing is a problem`() throws {
        let root = try TemporaryDirectory()
        symlink("/nowhere/x", "\(root.path)/check_a.sh")
        let directory = try ScriptDirectory.scan(root.path)
        #expect(directory.problems.map(\.cause) == ["it is a link to nothing"])
    }

    @Test func `a directory that is not there is named`() {
        let error = #expect(throws: ChecksError.self) { try ScriptDirectory.scan("/nowhere/s") }
        #expect(error?.description == "cannot list /nowhere/s: No such file or directory")
    }
}
