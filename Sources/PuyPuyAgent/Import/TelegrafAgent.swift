/// What Telegraf's `[agent]` and `[global_tags]` become.
enum TelegrafAgent {
    /// Why keys are not carried over.
    private static let reasons: [String: String] = {
        var reasons: [String: String] = [:]
        for key in ["flush_interval", "flush_jitter", "metric_batch_size"] {
            reasons[key] = "PuyPuy sends as soon as points are committed; see max_batch_points"
        }
        for key in ["metric_buffer_limit", "buffer_strategy", "buffer_directory"] {
            reasons[key] = "what is not delivered is on disk; see spool_max_mb"
        }
        for key in ["round_interval", "collection_jitter", "collection_offset", "precision"] {
            reasons[key] = "the timestamps are multiples of the interval, to the nanosecond"
        }
        reasons["logfile_rotation_max_size"] =
            "log files are rotated by time; see log_rotate_seconds"
        reasons["logtarget"] = "the log goes to log_file, or to standard error and the journal"
        reasons["omit_hostname"] = "every point has the tag host"
        return reasons
    }()

    /// `[agent]`.
    static func convert(_ plugin: TelegrafPlugin, into draft: inout ImportDraft) {
        var agent = plugin
        if let seconds = agent.seconds("interval") {
            if (0.1...86400).contains(seconds) {
                draft.set(SelfConfigKey.checkPeriodSeconds, SettingForm.plain(seconds))
            } else {
                draft.remark(agent.line, "[agent] interval", "it is not from 0.1 s to a day")
            }
        }
        if let name = agent.text("hostname") { draft.set(SelfConfigKey.hostname, name) }
        if agent.flag("debug") == true { draft.set(SelfConfigKey.logLevel, "debug") }
        if agent.flag("quiet") == true { draft.set(SelfConfigKey.logLevel, "error") }
        if let file = agent.text("logfile") { draft.set(SelfConfigKey.logFile, file) }
        if let seconds = agent.seconds("logfile_rotation_interval"), seconds >= 1 {
            draft.set(
                SelfConfigKey.logRotateSeconds,
                SettingForm.plain(min(seconds.rounded(), 31_536_000)))
        }
        if let count = agent.whole("logfile_rotation_max_archives"), count >= 0, count <= 10_000 {
            draft.set(SelfConfigKey.logRotateBackups, "\(count)")
        }
        if agent.flag("omit_hostname") == true {
            draft.remark(agent.line, "[agent] omit_hostname", reasons["omit_hostname"] ?? "")
        }
        for (key, value) in usual { agent.drop(key, saying: value) }
        draft.remarkRest(of: agent, reasons)
    }

    /// What Telegraf's own file says, and needs no word.
    private static let usual: [(key: String, value: TOMLFile.Value)] = [
        ("round_interval", .boolean(true)), ("metric_batch_size", .integer(1000)),
        ("metric_buffer_limit", .integer(10_000)), ("collection_jitter", .string("0s")),
        ("collection_offset", .string("0s")), ("flush_interval", .string("10s")),
        ("flush_jitter", .string("0s")), ("precision", .string("0s")), ("precision", .string("")),
        ("logtarget", .string("file")), ("logtarget", .string("stderr")),
        ("logtarget", .string("")), ("logfile", .string("")), ("hostname", .string("")),
        ("logfile_rotation_interval", .string("0d")), ("logfile_rotation_max_size", .string("0MB")),
    ]

    /// The tags of PuyPuy, and the names that such tags often have in Telegraf.
    private static let tags: [(key: SettingKey, tag: String, names: [String])] = [
        (SelfConfigKey.clusterName, "cluster", ["cluster", "cluster_name", "project"]),
        (SelfConfigKey.hostGroup, "group", ["group", "role", "environment", "env"]),
        (SelfConfigKey.location, "location", ["location", "dc", "datacenter", "region", "rack"]),
    ]

    /// `[global_tags]`: PuyPuy has the tags cluster, group and location, and takes for each the
    /// likeliest of those that are there.
    static func convertTags(_ plugin: TelegrafPlugin, into draft: inout ImportDraft) {
        var global = plugin
        for slot in tags {
            for name in slot.names {
                let line = global.rest.first { $0.key == name }?.line ?? global.line
                guard let text = global.text(name) else { continue }
                draft.set(slot.key, text)
                if name != slot.tag {
                    draft.remark(
                        line, "[global_tags] \(name)", "it is the tag \(slot.tag) from now on")
                }
                break
            }
        }
        for entry in global.rest {
            draft.remark(
                entry.line, "[global_tags] \(entry.key)",
                "PuyPuy has the tags cluster, group, location and host, which cluster_name,"
                    + " host_group, location and hostname set; choose one of them for it")
        }
    }

    /// Tags that Telegraf did not have are left out, in the place of PuyPuy's defaults.
    static func leaveOutOtherTags(_ draft: inout ImportDraft) {
        for slot in tags { draft.set(slot.key, "") }
    }
}
