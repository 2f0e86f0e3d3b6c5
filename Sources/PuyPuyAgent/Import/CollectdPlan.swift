extension ImportPlan {
    /// Reads the configuration `path` of collectd, and makes a PuyPuy of it as far as there is one.
    ///
    /// `spoolPath` goes into the new configuration; without it the default counts. Throws when the
    /// file cannot be read, or is none of collectd's: with the line.
    public init(collectd path: String, spoolPath: String?) throws(ImportError) {
        let bytes = try ImportPlan.content(of: path)
        let file: CollectdFile
        do {
            file = try CollectdFile(bytes: bytes)
        } catch {
            throw ImportError("cannot understand \(path), \(error.description)")
        }
        var draft = ImportDraft(
            of: "collectd", from: path, spoolPath: spoolPath)
        for node in file.nodes { CollectdKeys.convert(node, of: file, into: &draft) }
        // collectd has no tags.
        for key in [SelfConfigKey.clusterName, SelfConfigKey.hostGroup, SelfConfigKey.location] {
            draft.set(key, "")
        }
        if !draft.hasDestination {
            draft.remark(
                1, "LoadPlugin", "none writes where PuyPuy does: the points stay in the spool")
        }
        self = draft.plan()
    }
}

/// What the keys of collectd outside of plugins become.
enum CollectdKeys {
    /// What has no meaning beside PuyPuy, and needs no word.
    private static let silent: Set<String> = [
        "basedir", "pidfile", "plugindir", "typesdb", "autoloadplugin", "readthreads",
        "writethreads", "collectinternalstats", "maxreadinterval",
    ]

    /// One key or block of the file.
    static func convert(
        _ node: CollectdFile.Node, of file: CollectdFile, into draft: inout ImportDraft
    ) {
        switch node.key {
        case "hostname":
            if let name = node.argument { draft.set(SelfConfigKey.hostname, name) }
        case "interval":
            guard let seconds = node.argument.flatMap({ Double($0) }),
                (0.1...86400).contains(seconds)
            else {
                draft.remark(node.line, "Interval", "it is not from 0.1 s to a day")
                return
            }
            draft.set(SelfConfigKey.checkPeriodSeconds, SettingForm.plain(seconds))
        case "fqdnlookup":
            if node.flag == false { draft.set(SelfConfigKey.shortHostname, "yes") }
        case "loadplugin":
            guard let name = node.argument?.lowercased() else { return }
            let block = file.nodes.first {
                $0.key == "plugin" && $0.argument?.lowercased() == name
            }
            CollectdPlugins.convert(name, loading: node, block: block, into: &draft)
        case "plugin":
            let name = node.argument?.lowercased() ?? ""
            let isLoaded = file.nodes.contains {
                $0.key == "loadplugin" && $0.argument?.lowercased() == name
            }
            if !isLoaded {
                draft.remark(
                    node.line, "<Plugin \(name)>", "no LoadPlugin loads it, so it is left out")
            }
        case "include":
            draft.remark(
                node.line, "Include",
                "other files are not read: put what they hold into this one")
        default:
            if silent.contains(node.key) { return }
            draft.remark(node.line, node.title, "PuyPuy has no such setting")
        }
    }
}
