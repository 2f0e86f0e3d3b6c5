/// What Telegraf's inputs become: built-in checks where there is one that measures the same.
enum TelegrafInputs {
    /// A built-in check in the place of an input.
    private struct Match {
        let check: String
        /// How its metrics differ.
        let difference: String
    }

    private static let matches: [String: Match] = [
        "cpu": Match(
            check: "cpustats",
            difference: "usage_idle is cpu_idle, and so on; the tag cpu is core, cpu-total is all"),
        "mem": Match(
            check: "memory",
            difference: "available is mem_available, used_percent is mem_used_percent, and so on"),
        "system": Match(
            check: "load_average",
            difference: "load1 is sys_load_1, and so on; uptime and users are not measured"),
        "disk": Match(
            check: "disks",
            difference: "used_percent is drive_percent_used, and so on; the tag path is mountpoint,"
                + " with / written as _; inodes are not measured"),
        "diskio": Match(
            check: "disks",
            difference: "drive_reads and drive_writes are bytes per second, where read_bytes and"
                + " write_bytes are counters; the tag name is drive"),
        "net": Match(
            check: "network_bytes",
            difference: "bytes_rx and bytes_tx are bytes per second, where bytes_recv and"
                + " bytes_sent are counters; packets and errors are not measured"),
        "netstat": Match(
            check: "tcpconn",
            difference: "tcp_established is tcp_connections with the tag flag=established, and so"
                + " on"),
        "conntrack": Match(
            check: "ipconntrack",
            difference: "ip_conntrack_count is conntrack_cur, ip_conntrack_max is conntrack_max"),
    ]

    /// One input.
    static func convert(_ plugin: TelegrafPlugin, into draft: inout ImportDraft) {
        if plugin.name == "exec" {
            TelegrafExec.convert(plugin, into: &draft)
            return
        }
        guard let match = matches[plugin.name] else {
            draft.remark(
                plugin.line, plugin.title,
                "PuyPuy has no check for it; write a script or a module: puypuy check new script"
                    + " \(scriptName(plugin.name))")
            return
        }
        var input = plugin
        var options = interval(&input)
        if plugin.name == "cpu", input.flag("percpu") == false {
            options.append(("percore_stats", "False"))
        }
        draft.enable(match.check, options)
        draft.remark(
            plugin.line, plugin.title,
            "the check \(match.check) takes its place, with other names: \(match.difference)")
        // What the check does by itself.
        for (key, value) in [
            ("percpu", true), ("totalcpu", true), ("collect_cpu_time", false),
            ("report_active", false),
        ] {
            input.drop(key, saying: .boolean(value))
        }
        draft.remarkRest(
            of: input,
            [
                "ignore_fs": "file systems on local disks are measured, and no others",
                "mount_points": "all file systems on local disks are measured",
                "devices": "all drives are measured", "interfaces": "all interfaces are measured",
                "tags": "points have no further tags",
            ])
    }

    /// `interval`, as an option of a check.
    static func interval(_ input: inout TelegrafPlugin) -> [(key: String, text: String)] {
        guard let seconds = input.seconds("interval"), (0.1...86400).contains(seconds) else {
            return []
        }
        return [(CheckKey.interval.name, SettingForm.plain(seconds))]
    }

    private static func scriptName(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
