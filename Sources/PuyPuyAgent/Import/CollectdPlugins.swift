internal import PuyPuyBackends

/// What plugins of collectd become: built-in checks, destinations, the log.
enum CollectdPlugins {
    /// The check in the place of a plugin, and how its metrics differ.
    private static let checks: [String: (check: String, difference: String)] = [
        "cpu": ("cpustats", "cpu-idle and the like are percent, cpu_idle with the tag core"),
        "memory": ("memory", "memory-used and the like are mem_available, mem_cached and so on"),
        "load": ("load_average", "shortterm, midterm and longterm are sys_load_1, 5 and 15"),
        "df": (
            "disks",
            "df_complex is drive_bytes_used and drive_bytes_available, with the tag"
                + " mountpoint"
        ),
        "disk": ("disks", "disk_octets is drive_reads and drive_writes, with the tag drive"),
        "interface": (
            "network_bytes",
            "if_octets is bytes_rx and bytes_tx, with the tag interface; packets"
                + " and errors are not measured"
        ),
        "tcpconns": ("tcpconn", "tcp_connections has the tag flag, and no ports"),
        "conntrack": ("ipconntrack", "it is conntrack_cur and conntrack_max"),
    ]

    /// The plugin `name`, with its block if there is one.
    static func convert(
        _ name: String, loading node: CollectdFile.Node, block: CollectdFile.Node?,
        into draft: inout ImportDraft
    ) {
        let title = "LoadPlugin \(name)"
        let nodes = block?.children ?? []
        switch name {
        case "write_graphite":
            each(nodes, ["node", "carbon"]) { graphite($0, &draft) }
        case "write_tsdb":
            each(nodes, ["node"]) { openTSDB($0, &draft) }
        case "write_http":
            each(nodes, ["node", "url"]) { http($0, &draft) }
        case "write_prometheus":
            draft.add(.prometheus, [])
            draft.setWeb(WebServerKey.isEnabled, "yes")
            draft.setWeb(WebServerKey.address, "0.0.0.0:" + (block?.text("port") ?? "9103"))
            draft.remark(node.line, title, "the web server is for Prometheus, at /metrics")
        case "logfile", "syslog", "log_logstash":
            log(name, block, &draft)
        default:
            guard let match = checks[name] else {
                draft.remark(node.line, title, absence(of: name))
                return
            }
            enable(match.check, name, loading: node, nodes, &draft)
            draft.remark(
                node.line, title,
                "the check \(match.check) takes its place, with other names: \(match.difference)")
        }
    }

    /// Why nothing takes the place of a plugin.
    private static func absence(of name: String) -> String {
        if name.hasPrefix("write_") || ["network", "amqp", "mqtt", "rrdtool", "csv"].contains(name)
        {
            return "PuyPuy does not write there; it writes to "
                + BackendType.allCases.filter(\.hasSender).map(\.rawValue).joined(separator: ", ")
        }
        if name == "exec" {
            return
                "a script of PuyPuy prints a point on each line, \"name value check_type style\","
                + " not PUTVAL: change the program, and put it into scripts_enabled"
        }
        return "PuyPuy has no check for it; write a script or a module: puypuy check new script"
            + " \(name)"
    }

    private static func each(
        _ nodes: [CollectdFile.Node], _ keys: [String], _ body: (CollectdFile.Node) -> Void
    ) {
        for node in nodes where keys.contains(node.key) { body(node) }
    }

    private static func enable(
        _ check: String, _ name: String, loading node: CollectdFile.Node,
        _ nodes: [CollectdFile.Node], _ draft: inout ImportDraft
    ) {
        var options: [(key: String, text: String)] = []
        if let seconds = node.text("interval").flatMap({ Double($0) }),
            (0.1...86400).contains(seconds)
        {
            options.append((CheckKey.interval.name, SettingForm.plain(seconds)))
        }
        for key in nodes {
            if name == "cpu" && key.key == "reportbycpu" {
                if key.flag == false { options.append(("percore_stats", "False")) }
            } else {
                draft.remark(
                    key.line, "<Plugin \(name)> \(key.title)",
                    "the check \(check) measures all that there is, in its own units")
            }
        }
        draft.enable(check, options)
    }

    private static func log(
        _ name: String, _ block: CollectdFile.Node?, _ draft: inout ImportDraft
    ) {
        if let file = block?.text("file"), name == "logfile", file.hasPrefix("/") {
            draft.set(SelfConfigKey.logFile, file)
        }
        if let level = block?.text("loglevel")?.lowercased() {
            draft.set(SelfConfigKey.logLevel, level == "err" ? "error" : level)
        }
    }

    // MARK: Destinations

    private static func graphite(_ node: CollectdFile.Node, _ draft: inout ImportDraft) {
        let host = node.text("host") ?? "localhost"
        draft.add(.carbon, [(BackendKey.address, host + ":2004")])
        draft.remark(
            node.line, "<Plugin write_graphite> \(node.title)",
            "PuyPuy sends pickles, usually to port 2004, where \(host):\(node.text("port") ?? "2003")"
                + " takes text; the paths of metrics are others, see docs/CARBON.md")
        remarkRest(of: node, besides: ["host", "port"], in: "write_graphite", &draft)
    }

    private static func openTSDB(_ node: CollectdFile.Node, _ draft: inout ImportDraft) {
        let address = "http://\(node.text("host") ?? "localhost"):\(node.text("port") ?? "4242")"
        draft.add(.openTSDB, [(BackendKey.address, address)])
        draft.remark(
            node.line, "<Plugin write_tsdb> \(node.title)",
            "PuyPuy sends over HTTP, to the same port")
        remarkRest(of: node, besides: ["host", "port"], in: "write_tsdb", &draft)
    }

    /// A server that takes KairosDB's JSON; no other takes what PuyPuy sends.
    private static func http(_ node: CollectdFile.Node, _ draft: inout ImportDraft) {
        let url = node.text("url") ?? node.argument ?? ""
        guard node.text("format")?.lowercased() == "kairosdb",
            let scheme = url.firstRange(of: "://")
        else {
            draft.remark(
                node.line, "<Plugin write_http> \(node.title)",
                "PuyPuy does not send what collectd sends to \(SecretText.maskingCredentials(url));"
                    + " name the database in a section [TSDB:NAME]")
            return
        }
        let rest = url[scheme.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var settings: [ImportDraft.Setting] = [(BackendKey.address, String(url[..<slash]))]
        if slash < rest.endIndex { settings.append((BackendKey.path, String(rest[slash...]))) }
        for (key, name) in [
            (BackendKey.user, "user"), (BackendKey.password, "password"),
            (BackendKey.caFile, "cacert"), (BackendKey.clientCertificate, "clientcert"),
            (BackendKey.clientKey, "clientkey"),
        ] {
            if let text = node.text(name) { settings.append((key, text)) }
        }
        if node.children.first(where: { $0.key == "verifypeer" })?.flag == false {
            settings.append((BackendKey.skipsVerification, "yes"))
        }
        draft.add(.kairosDB, settings)
        remarkRest(
            of: node,
            besides: [
                "url", "format", "user", "password", "cacert", "clientcert", "clientkey",
                "verifypeer",
            ], in: "write_http", &draft)
    }

    private static func remarkRest(
        of node: CollectdFile.Node, besides known: Set<String>, in plugin: String,
        _ draft: inout ImportDraft
    ) {
        for key in node.children where !known.contains(key.key) {
            draft.remark(
                key.line, "<Plugin \(plugin)> \(key.title)", "PuyPuy has no such setting")
        }
    }
}
