extension ImportPlan {
    /// Reads the Telegraf configuration `path`, and makes a PuyPuy of it as far as there is one.
    ///
    /// `spoolPath` goes into the new configuration; without it the default counts. Throws when the
    /// file cannot be read, or is no TOML: with the line.
    public init(telegraf path: String, spoolPath: String?) throws(ImportError) {
        let bytes = try ImportPlan.content(of: path)
        let file: TOMLFile
        do {
            file = try TOMLFile(bytes: bytes)
        } catch {
            throw ImportError("cannot understand \(path), \(error.description)")
        }
        var draft = ImportDraft(
            of: "Telegraf", from: path, spoolPath: spoolPath)
        let plugins = TelegrafPlugin.all(in: file)
        for plugin in plugins where plugin.kind == "agent" {
            TelegrafAgent.convert(plugin, into: &draft)
        }
        for plugin in plugins {
            switch plugin.kind {
            case "agent": break
            case "global_tags", "tags": TelegrafAgent.convertTags(plugin, into: &draft)
            case "inputs", "plugins": TelegrafInputs.convert(plugin, into: &draft)
            case "outputs": TelegrafOutputs.convert(plugin, into: &draft)
            case "processors", "aggregators":
                draft.remark(
                    plugin.line, plugin.title,
                    "PuyPuy delivers points as they were measured; do it in the database, or in"
                        + " what asks it")
            default: draft.remark(plugin.line, plugin.title, "PuyPuy has nothing of this kind")
            }
        }
        TelegrafAgent.leaveOutOtherTags(&draft)
        if !draft.hasDestination {
            draft.remark(1, "outputs", "none could be carried over: the points stay in the spool")
        }
        self = draft.plan()
    }
}

extension ImportDraft {
    /// Notes the keys of `plugin` that nobody took, and the tables below it: with the reason that
    /// `reasons` has, else that PuyPuy has no such setting.
    mutating func remarkRest(
        of plugin: TelegrafPlugin, _ reasons: [String: String] = [:], tables: [String] = []
    ) {
        for entry in plugin.rest {
            let reason =
                entry.value.string?.contains("@{") == true
                ? "it is in a secret store, which PuyPuy does not read: write it into a file, and"
                    + " name that with pass_file or token_file"
                : reasons[entry.key] ?? "PuyPuy has no such setting, or not with this value"
            remark(entry.line, "\(plugin.title) \(entry.key)", reason)
        }
        for table in plugin.below where !tables.contains(table.path.last ?? "") {
            let name = table.path.last ?? ""
            remark(
                table.line, "\(plugin.title) \(name)",
                reasons[name] ?? "PuyPuy has no such setting")
        }
    }
}
