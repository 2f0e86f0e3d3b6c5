internal import Glibc
internal import PuyPuyChecks

/// Enables and disables checks by their files: `puypuy check enable`, `puypuy check disable`.
///
/// A file that says nothing is made and removed. One that holds settings, a module, a program or a
/// script is renamed to `NAME.disabled`, which nothing reads, and back.
public struct CheckSwitch: Sendable {
    /// What was done.
    public enum Outcome: Sendable, Hashable {
        /// It is as it is wanted now; the files that were made, removed or renamed.
        case done(files: [String])
        /// It was so before.
        case wasSo
    }

    /// Why a check cannot be enabled or disabled: a line for people.
    public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// One line.
        public var description: String
        /// Whether the name is wrong, not the system.
        public var isMisuse: Bool
    }

    private static let ending = ".disabled"

    private let settings: Settings

    /// A switch for the checks of `settings`.
    public init(_ settings: Settings) { self.settings = settings }

    /// Enables `name`: a built-in check, `NAME@INSTANCE` of one, or what was disabled.
    public func enable(_ name: String) throws(Refusal) -> Outcome {
        if !files(of: name).isEmpty { return .wasSo }
        let resting = files(of: name, Self.ending)
        if !resting.isEmpty {
            for file in resting { try move(file, to: String(file.dropLast(Self.ending.count))) }
            return .done(files: resting.map { String($0.dropLast(Self.ending.count)) })
        }
        try checkName(name)
        let path = settings.checksDirectory + "/check_\(name).ini"
        mkdir(settings.checksDirectory, 0o755)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("make", path) }
        close(file)
        return .done(files: [path])
    }

    /// Disables `name`: a built-in check or its instance, a module, a program or a script.
    public func disable(_ name: String) throws(Refusal) -> Outcome {
        let files = files(of: name)
        if files.isEmpty {
            if self.files(of: name, Self.ending).isEmpty { try checkName(name) }
            return .wasSo
        }
        for file in files {
            if Self.saysNothing(file) {
                guard unlink(file) == 0 else { throw failure("remove", file) }
            } else {
                try move(file, to: file + Self.ending)
            }
        }
        return .done(files: files)
    }

    /// The files that are the check `name`, with `ending` behind their names.
    private func files(of name: String, _ ending: String = "") -> [String] {
        let checks = [".ini", ".py", ""].map {
            "\(settings.checksDirectory)/check_\(name)\($0)\(ending)"
        }
        let folder = settings.scriptsDirectory
        let scripts = ((try? SettingsFolder.names(in: folder)) ?? []).filter { file in
            guard file.hasSuffix(ending) else { return false }
            return ScriptDirectory.scriptName(String(file.dropLast(ending.count))) == name
        }
        return checks.filter { SettingsFolder.kind($0) == .file }
            + scripts.map { "\(folder)/\($0)" }
    }

    /// Throws when no built-in check has this name.
    private func checkName(_ name: String) throws(Refusal) {
        let base = String(name.prefix { $0 != "@" })
        let known = CheckSet.builtIn.map(\.name)
        guard known.contains(base) else {
            let nearest = NearestName.nearest(to: base, among: known)
            throw Refusal(
                description: "there is no check called \(base)"
                    + (nearest.map { "; did you mean \($0)?" } ?? "; puypuy check list lists them"),
                isMisuse: true)
        }
        if base == name { return }
        let instance = name.dropFirst(base.count + 1)
        guard CheckFolder.isInstance(String(instance)) else {
            throw Refusal(
                description: "\"\(instance)\" is not the name of an instance: use letters, digits,"
                    + " dots, dashes and underscores",
                isMisuse: true)
        }
    }

    /// Whether the settings in the file at `path` are none: nothing but comments.
    private static func saysNothing(_ path: String) -> Bool {
        guard path.hasSuffix(".ini"), let content = try? SettingsFolder.read(path) else {
            return false
        }
        return content.bytes.split(whereSeparator: { $0 == 0x0A }).allSatisfy { line in
            let text = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            return text.isEmpty || text.first == UInt8(ascii: "#")
                || text.first == UInt8(ascii: ";")
        }
    }

    private func move(_ path: String, to other: String) throws(Refusal) {
        // A file of that name that is there already is somebody's, too.
        guard access(other, F_OK) != 0 else {
            throw Refusal(
                description: "cannot rename \(path): \(other) is there; remove one", isMisuse: false
            )
        }
        guard rename(path, other) == 0 else { throw failure("rename", path) }
    }

    private func failure(_ what: String, _ path: String) -> Refusal {
        Refusal(
            description: "cannot \(what) \(path): \(String(cString: strerror(errno)).lowercased())",
            isMisuse: false)
    }
}
