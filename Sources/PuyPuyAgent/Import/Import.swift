internal import Glibc
internal import Logging
internal import PuyPuyChecks
internal import PuyPuyCore
public import PuyPuySpool

/// Carries out an ``ImportPlan``.
public struct Import: Sendable {
    /// The most bytes of a cached file: the bodies of requests are far smaller.
    private static let maxCachedBytes = 64 << 20
    /// Cached files that are in memory at a time.
    private static let filesAtATime = 200

    /// What was done, or with a dry run, what would be.
    public struct Outcome: Sendable {
        /// The files that were written, relative to the new folder.
        public var written: [String] = []
        /// The files that are there already and stay as they are.
        public var kept: [String] = []
        /// What the new configuration says of itself: see `puypuy config check`.
        public var problems: [SettingsProblem] = []
        /// The cached points that came over.
        public var cached = ImportedPoints()
        /// Where they went; `nil` when there were none, or they could not be taken over.
        public var spoolPath: String?
        /// What in cached files is no point: the file and the place, and why.
        public var poison: [ImportPlan.Remark] = []
    }

    private let plan: ImportPlan
    private let target: String

    /// The import of `plan` into the folder `target`.
    public init(_ plan: ImportPlan, into target: String) {
        self.plan = plan
        self.target = SettingsFolder.absolute(target, in: SettingsFolder.workingFolder())
    }

    /// What would be done. Nothing is written; cached files are read.
    public func survey(progress: (Double) -> Void) -> Outcome {
        var outcome = Outcome()
        for file in plan.files {
            if SettingsFolder.kind(target + "/" + file.path) == .nothing {
                outcome.written.append(file.path)
            } else {
                outcome.kept.append(file.path)
            }
        }
        for (index, path) in plan.cachedFiles.enumerated() {
            if let file = read(path, into: &outcome) {
                outcome.cached.files += 1
                outcome.cached.points += Int64(file.count)
            }
            progress(Double(index + 1) / Double(plan.cachedFiles.count))
        }
        return outcome
    }

    /// Writes the files that are not there, and takes the cached points into the spool of the
    /// configuration that is then in the folder, pending for `[TSDB]`.
    ///
    /// The older PuyPuy's files are only read. Repeating it after an interruption takes over what is
    /// missing. Throws when a file cannot be written, or the spool cannot be had: while a daemon runs
    /// with it.
    public func run(progress: (Double) -> Void) async throws -> Outcome {
        var outcome = Outcome()
        for file in plan.files { try write(file, &outcome) }
        let location = SettingsLocation(target + "/config.ini")
        let (settings, problems) = Settings.load(from: location, checks: CheckSet.builtIn)
        outcome.problems = problems
        guard let settings, !plan.cachedFiles.isEmpty else { return outcome }
        let spool = try Spool(settings.spool, logger: Logger(label: "import"))
        do {
            try await spool.configure(settings.destinations)
            try await takeCached(into: spool, &outcome, progress)
        } catch {
            await spool.close()
            throw error
        }
        await spool.close()
        outcome.spoolPath = settings.spool.path
        giveToOwner(ofFolderOf: settings.spool.path)
        return outcome
    }

    private func takeCached(
        into spool: Spool, _ outcome: inout Outcome, _ progress: (Double) -> Void
    ) async throws(SpoolError) {
        var done = 0
        while done < plan.cachedFiles.count {
            let paths = plan.cachedFiles[done...].prefix(Self.filesAtATime)
            let files = paths.compactMap { read($0, into: &outcome) }
            let part = try await spool.take(files, pendingFor: "default")
            outcome.cached.files += part.files
            outcome.cached.points += part.points
            outcome.cached.knownFiles += part.knownFiles
            done += paths.count
            progress(Double(done) / Double(plan.cachedFiles.count))
        }
    }

    /// The points of a cached file; `nil` when there is none in it. What is wrong is noted.
    private func read(_ path: String, into outcome: inout Outcome) -> ImportedFile? {
        func note(_ place: String, _ reason: String) {
            outcome.poison.append(
                ImportPlan.Remark(
                    subject: place.isEmpty ? path : "\(path): \(place)", reason: reason))
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_size <= Self.maxCachedBytes else {
            note("", "it is no file, or larger than 64 MiB")
            return nil
        }
        do {
            let content = try SettingsFolder.read(path, limit: Self.maxCachedBytes)
            let cached = CachedPoints(content.bytes)
            for poison in cached.poison { note(poison.place, poison.reason) }
            if cached.points.isEmpty { return nil }
            let changed = status.st_mtim
            return ImportedFile(
                content: content.bytes,
                modifiedNs: Int64(changed.tv_sec) * 1_000_000_000 + Int64(changed.tv_nsec),
                points: cached.points)
        } catch {
            note("", error.message)
            return nil
        }
    }

    private func write(_ file: ImportPlan.File, _ outcome: inout Outcome) throws(ImportError) {
        let path = target + "/" + file.path
        makeFolders(SettingsFolder.parent(of: path))
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.mode)
        guard descriptor >= 0 else {
            guard errno != EEXIST else {
                outcome.kept.append(file.path)
                return
            }
            throw ImportError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var rest = file.bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let words = String(cString: strerror(errno))
                unlink(path)
                throw ImportError("cannot write \(path): \(words)")
            }
            rest = rest.dropFirst(count)
        }
        outcome.written.append(file.path)
    }

    /// What fails here is told by the opening of the file.
    private func makeFolders(_ path: String) {
        guard path != "/", SettingsFolder.kind(path) == .nothing else { return }
        makeFolders(SettingsFolder.parent(of: path))
        mkdir(path, 0o755)
    }

    /// A spool that root made in the folder of the daemon's user is that user's.
    private func giveToOwner(ofFolderOf path: String) {
        var status = stat()
        let folder = SettingsFolder.parent(of: path)
        guard geteuid() == 0, stat(folder, &status) == 0, status.st_uid != 0 else { return }
        let lock = (path.hasSuffix(".db") ? String(path.dropLast(3)) : path) + ".lock"
        for file in [path, path + "-wal", path + "-shm", lock] {
            lchown(file, status.st_uid, status.st_gid)
        }
    }
}
