internal import Glibc

/// The scripts in a directory: executables named `check_NAME.ext`.
public struct ScriptDirectory: Sendable {
    /// One script.
    public struct Script: Sendable, Hashable {
        /// What stands between `check_` and the last dot.
        public let name: String
        /// Where it is.
        public let path: String
    }

    /// The scripts that can run, by name.
    public let scripts: [Script]
    /// What looks like a script and cannot run, with what to do about it.
    public let problems: [ChecksError]

    /// Looks through the directory at `path`. Throws when it cannot be listed.
    ///
    /// Hidden files, backups and files of other names are ignored.
    public static func scan(_ path: String) throws(ChecksError) -> ScriptDirectory {
        let machine = HostRoot("/")
        var scripts: [String: Script] = [:]
        var problems: [ChecksError] = []
        for file in try machine.names(in: path) {
            let place = path.hasSuffix("/") ? path + file : "\(path)/\(file)"
            guard let name = scriptName(file), !machine.isDirectory(place) else { continue }
            if let problem = problem(of: place) {
                problems.append(problem)
            } else if let other = scripts[name] {
                problems.append(
                    ChecksError(
                        operation: "run", subject: place,
                        cause: "\(other.path) already is the check \(name)",
                        hint: "rename or remove one of them"))
            } else {
                scripts[name] = Script(name: name, path: place)
            }
        }
        return ScriptDirectory(
            scripts: scripts.values.sorted { $0.name < $1.name }, problems: problems)
    }

    /// Whether a file of this name is a script.
    public static func isScript(_ file: String) -> Bool { scriptName(file) != nil }

    /// The name of the check in `file`, or `nil` for a file that is no script.
    public static func scriptName(_ file: String) -> String? {
        guard file.hasPrefix("check_"), !ignoredEndings.contains(where: file.hasSuffix) else {
            return nil
        }
        let rest = file.dropFirst("check_".count)
        let name = rest.lastIndex(of: ".").map { rest[..<$0] } ?? rest
        return name.isEmpty ? nil : String(name)
    }

    /// What editors, package managers and people leave behind.
    private static let ignoredEndings = [
        "~", ".bak", ".disabled", ".dpkg-dist", ".dpkg-new", ".dpkg-old", ".ini", ".json", ".md",
        ".old", ".orig", ".pyc", ".rej", ".rpmnew", ".rpmsave", ".sample", ".save", ".swo", ".swp",
        ".tmp", ".txt",
    ]

    private static func problem(of path: String) -> ChecksError? {
        if access(path, X_OK) == 0 { return nil }
        if access(path, F_OK) != 0 {
            return ChecksError(
                operation: "run", subject: path, cause: "it is a link to nothing",
                hint: "correct or remove the link")
        }
        return ChecksError(
            operation: "run", subject: path, cause: "it is not executable",
            hint: "chmod +x \(path)")
    }
}
