internal import Glibc
internal import PuyPuyChecks

/// What the folder of an older PuyPuy holds, or the configuration of another collector, and what
/// becomes of it in the new layout. Reading it changes nothing.
public struct ImportPlan: Sendable {
    /// A file of the new layout.
    public struct File: Sendable, Hashable {
        /// Where it goes, relative to the new folder.
        public let path: String
        /// Where it comes from.
        public let origin: String
        let bytes: [UInt8]
        let mode: mode_t
    }

    /// Something that is not carried over, or not as it was.
    public struct Remark: Sendable, Hashable {
        /// What: a file, or a section with its key.
        public let subject: String
        /// Why, as a clause that says what to do where somebody can.
        public let reason: String
    }

    /// The files to write, in the order of their paths.
    public private(set) var files: [File] = []
    /// What is not carried over, or not as it was.
    public private(set) var remarks: [Remark] = []
    /// The folder of cached points: `tmpdir`; `nil` when the configuration names none.
    public private(set) var cacheFolder: String?
    /// The cached files in it, absolute.
    public private(set) var cachedFiles: [String] = []

    private let folder: String
    private var hasModules = false

    /// Reads the PuyPuy in `folder`. `cache` is used in the place of its `tmpdir`, and `spoolPath`
    /// goes into the new configuration; without it the default counts.
    public init(_ folder: String, cache: String?, spoolPath: String?) throws(ImportError) {
        self.folder = SettingsFolder.absolute(folder, in: SettingsFolder.workingFolder())
        let document = try readConfiguration()
        readChecks()
        readScripts()
        let configuration = ImportedConfiguration(
            document, hasModules: hasModules, spoolPath: spoolPath)
        files.insert(
            File(
                path: "config.ini", origin: self.folder + "/conf",
                bytes: Array(configuration.text.utf8), mode: 0o640), at: 0)
        remarks = configuration.remarks + remarks
        findCache(named: cache ?? document.section("SelfConfig")?.entry("tmpdir")?.value)
    }

    /// A plan of `files`, with what is not in them.
    init(files: [File], remarks: [Remark]) {
        folder = ""
        self.files = files
        self.remarks = remarks
    }

    private mutating func remark(_ subject: String, _ reason: String) {
        remarks.append(Remark(subject: subject, reason: reason))
    }

    private mutating func readConfiguration() throws(ImportError) -> SettingsDocument {
        let conf = folder + "/conf"
        var document = SettingsDocument()
        let names: [String]
        do {
            names = try SettingsFolder.names(in: conf).filter { $0.hasSuffix(".ini") }
        } catch {
            throw ImportError("cannot read \(conf): \(error.message)")
        }
        guard !names.isEmpty else { throw ImportError("there is no *.ini file in \(conf)") }
        for name in names {
            do {
                let content = try SettingsFolder.read(conf + "/" + name)
                for problem in document.add(INIFile(bytes: content.bytes), file: "conf/" + name) {
                    remark("conf/\(name)", "\(problem)")
                }
            } catch {
                throw ImportError("cannot read \(conf)/\(name): \(error.message)")
            }
        }
        return document
    }

    private mutating func names(in part: String) -> [String] {
        do {
            return try SettingsFolder.names(in: folder + "/" + part)
        } catch {
            remark(part, error.message)
            return []
        }
    }

    /// Modules that are built in now become files that enable those; others go along as they are,
    /// with what a link leads to in the place of the link.
    private mutating func readChecks() {
        let builtIn = Set(CheckSet.builtIn.map(\.name))
        for name in names(in: "checks_enabled") {
            let subject = "checks_enabled/\(name)"
            guard name.hasPrefix("check_"), name.hasSuffix(".py") else {
                if !name.hasPrefix("__"), !name.hasSuffix(".pyc") {
                    remark(subject, "not a check: its name is not check_NAME.py")
                }
                continue
            }
            let check = String(name.dropFirst("check_".count).dropLast(".py".count))
            if builtIn.contains(check) {
                files.append(
                    File(
                        path: "checks_enabled/check_\(check).ini", origin: subject,
                        bytes: Array("# Enables the built-in check; its options go here.\n".utf8),
                        mode: 0o644))
                remark(
                    subject,
                    "the built-in check \(check) takes its place; the metrics are the same")
            } else if copy(subject, mode: 0o644) {
                hasModules = true
            }
        }
    }

    private mutating func readScripts() {
        for name in names(in: "scripts_enabled") {
            let subject = "scripts_enabled/\(name)"
            guard ScriptDirectory.isScript(name) else {
                if name != "README" {
                    remark(subject, "not a script: its name is not check_NAME.ext")
                }
                continue
            }
            let isExecutable = access(folder + "/" + subject, X_OK) == 0
            if copy(subject, mode: isExecutable ? 0o755 : 0o644), !isExecutable {
                remark(subject, "it is not executable, so it does not run: chmod +x when it should")
            }
        }
    }

    private mutating func copy(_ subject: String, mode: mode_t) -> Bool {
        do {
            let content = try SettingsFolder.read(folder + "/" + subject)
            files.append(File(path: subject, origin: subject, bytes: content.bytes, mode: mode))
            return true
        } catch {
            var status = stat()
            let isLink =
                lstat(folder + "/" + subject, &status) == 0
                && status.st_mode & S_IFMT == S_IFLNK && error.code == ENOENT
            remark(subject, isLink ? "it is a link to nothing" : error.message)
            return false
        }
    }

    private mutating func findCache(named name: String?) {
        guard let name, !name.isEmpty else { return }
        let cache = SettingsFolder.absolute(name, in: folder)
        cacheFolder = cache
        do {
            cachedFiles = try SettingsFolder.names(in: cache)
                .filter { $0.hasSuffix(".cached") }.map { cache + "/" + $0 }
        } catch {
            remark(cache, "no cached points: \(error.message)")
        }
    }
}

/// What keeps an import from being done at all.
public struct ImportError: Error, Sendable, CustomStringConvertible {
    /// A clause that reads well after a colon.
    public let description: String

    init(_ description: String) { self.description = description }
}
