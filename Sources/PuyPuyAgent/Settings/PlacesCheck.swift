internal import PuyPuySpool

/// Says which files and folders that `[SelfConfig]` names cannot be what they are for.
///
/// Rights are not looked at: who checks the configuration is often not the daemon's user.
enum PlacesCheck {
    /// Reports in `reader` what is wrong with the places of `settings`.
    static func check(_ settings: Settings, in reader: inout SectionReader) {
        let files: [(key: SettingKey, path: String)] =
            [(SelfConfigKey.spoolPath, settings.spool.path)]
            + [
                (SelfConfigKey.logFile, settings.logFile),
                (SelfConfigKey.pidFile, settings.pidFile),
            ]
            .compactMap { key, path in path.map { (key, $0) } }
        for (index, file) in files.enumerated() {
            if let other = files[..<index].first(where: { $0.path == file.path }) {
                reader.report(
                    .error, file.key, found: file.path, "the same file as \(other.key.name)",
                    expected: "a file of its own")
            } else if SettingsFolder.kind(file.path) == .folder {
                reader.report(
                    .error, file.key, found: file.path, "a folder", expected: "a file")
            } else if let ancestor = fileAbove(file.path) {
                reader.report(
                    .error, file.key, found: file.path, "\(ancestor) is a file, not a folder",
                    hint: "name a file in a folder")
            }
        }
        checkFolder(
            SelfConfigKey.scriptsDirectory, settings.scriptsDirectory,
            "no such folder, so that no script runs", in: &reader)
        checkFolder(
            SelfConfigKey.rootPath, settings.rootPath,
            "no such folder, so that checks find nothing to measure", in: &reader)
    }

    /// A folder that is named: a file in its place is a mistake, one that is not there may come.
    private static func checkFolder(
        _ key: SettingKey, _ path: String, _ absence: String, in reader: inout SectionReader
    ) {
        guard reader.isSet(key) else { return }
        switch SettingsFolder.kind(path) {
        case .folder: break
        case .file:
            reader.report(.error, key, found: path, "a file", expected: "a folder")
        case .nothing:
            reader.report(.warning, key, found: path, absence, hint: "make it, or correct the path")
        }
    }

    /// The file that stands where `path` needs a folder; `nil` when there is none.
    private static func fileAbove(_ path: String) -> String? {
        var folder = SettingsFolder.parent(of: path)
        while folder != "/" {
            if SettingsFolder.kind(folder) == .file { return folder }
            folder = SettingsFolder.parent(of: folder)
        }
        return nil
    }
}
