internal import PuyPuyBackends

/// What Telegraf's outputs become: destinations, `[TSDB:NAME]`.
enum TelegrafOutputs {
    private static let metricReasons = [
        "namepass": "each destination gets every point",
        "namedrop": "each destination gets every point",
        "tagpass": "each destination gets every point",
        "tagdrop": "each destination gets every point",
        "fieldpass": "each destination gets every point",
        "fielddrop": "each destination gets every point",
        "tagexclude": "points have all their tags", "taginclude": "points have all their tags",
        "skip_database_creation": "PuyPuy creates no database: it has to be there",
        "user_agent": "PuyPuy says its own name", "alias": "a destination is called as its section",
        "flush_interval": "PuyPuy sends as soon as points are committed",
        "metric_batch_size": "see max_batch_points",
        "metric_buffer_limit": "what is not delivered is on disk; see spool_max_mb",
        "bucket_tag": "every point goes into the bucket",
        "database_tag": "every point goes into the database",
        "template": "the path of a metric has the tags in a fixed order; see docs/CARBON.md",
        "prefix": "metrics have no prefix",
        "headers": "no headers of one's own are sent",
    ]

    /// One output.
    static func convert(_ plugin: TelegrafPlugin, into draft: inout ImportDraft) {
        var output = plugin
        var tables: [String] = []
        switch plugin.name {
        case "influxdb": influx(&output, &draft)
        case "influxdb_v2": influx2(&output, &draft)
        case "graphite": graphite(&output, &draft)
        case "opentsdb": openTSDB(&output, &draft)
        case "prometheus_client": TelegrafPrometheus.convertClient(&output, &draft)
        case "http" where isRemoteWrite(plugin):
            tables = TelegrafPrometheus.convertRemoteWrite(&output, &draft)
        default:
            draft.remark(
                plugin.line, plugin.title,
                "PuyPuy does not write there; it writes to "
                    + BackendType.allCases.filter(\.hasSender).map(\.rawValue)
                    .joined(separator: ", "))
            return
        }
        draft.remarkRest(of: output, metricReasons, tables: tables)
    }

    private static func isRemoteWrite(_ plugin: TelegrafPlugin) -> Bool {
        plugin.rest.contains {
            $0.key == "data_format" && $0.value == .string("prometheusremotewrite")
        }
    }

    private static func influx(_ output: inout TelegrafPlugin, _ draft: inout ImportDraft) {
        guard let address = server("urls", "http://127.0.0.1:8086", &output, &draft) else { return }
        var settings: [ImportDraft.Setting] = [
            (BackendKey.address, address),
            (BackendKey.database, output.text("database") ?? "telegraf"),
        ]
        if let policy = output.text("retention_policy") {
            settings.append((BackendKey.retentionPolicy, policy))
        }
        settings += user(&output) + connection(&output) + gzip(&output)
        draft.add(.influxDB, settings)
    }

    private static func influx2(_ output: inout TelegrafPlugin, _ draft: inout ImportDraft) {
        guard let address = server("urls", "http://127.0.0.1:8086", &output, &draft) else { return }
        var settings: [ImportDraft.Setting] = [(BackendKey.address, address)]
        for (key, name) in [
            (BackendKey.organization, "organization"), (BackendKey.bucket, "bucket"),
            (BackendKey.token, "token"),
        ] {
            if let text = output.text(name) { settings.append((key, text)) }
        }
        settings += connection(&output) + gzip(&output)
        draft.add(.influxDB2, settings)
    }

    private static func graphite(_ output: inout TelegrafPlugin, _ draft: inout ImportDraft) {
        let isTLS = output.rest.contains { $0.key == "tls_ca" || $0.key == "tls_cert" }
        let servers = output.texts("servers") ?? ["localhost:2003"]
        guard let first = servers.first else { return }
        let host = first.lastIndex(of: ":").map { first[..<$0] } ?? first[...]
        draft.remark(
            output.line, output.title,
            "PuyPuy sends pickles, usually to port 2004, where \(first) takes text; the paths of"
                + " metrics are others, see docs/CARBON.md")
        remarkLeftOut(Array(servers.dropFirst()), output, &draft)
        var settings: [ImportDraft.Setting] = [
            (BackendKey.address, "\(isTLS ? "tls://" : "")\(host):2004")
        ]
        if output.flag("graphite_tag_support") == true {
            settings.append((BackendKey.carbonTags, "yes"))
        }
        draft.add(.carbon, settings + connection(&output))
    }

    private static func openTSDB(_ output: inout TelegrafPlugin, _ draft: inout ImportDraft) {
        let text = output.text("host") ?? "http://127.0.0.1"
        let port = output.whole("port") ?? 4242
        let host = text.split(separator: "/").last.map(String.init) ?? text
        let scheme = text.hasPrefix("https://") ? "https" : "http"
        if !text.hasPrefix("http") {
            draft.remark(
                output.line, "\(output.title) host",
                "PuyPuy sends over HTTP, to the same port as the text of \(text)")
        }
        var settings: [ImportDraft.Setting] = [
            (BackendKey.address, "\(scheme)://\(host):\(port)")
        ]
        if let path = output.text("http_path") { settings.append((BackendKey.path, path)) }
        draft.add(.openTSDB, settings)
    }

    // MARK: What several have

    /// The first server that is spoken to over HTTP; others are noted.
    private static func server(
        _ key: String, _ other: String, _ output: inout TelegrafPlugin, _ draft: inout ImportDraft
    ) -> String? {
        let single = output.text("url")
        let servers = output.texts(key) ?? [single ?? other]
        guard let first = servers.first(where: { $0.hasPrefix("http") || $0.hasPrefix("${") })
        else {
            draft.remark(
                output.line, output.title,
                "PuyPuy writes over http:// or https://, not to \(servers.joined(separator: ", "))")
            return nil
        }
        remarkLeftOut(servers.filter { $0 != first }, output, &draft)
        return first
    }

    private static func remarkLeftOut(
        _ servers: [String], _ output: TelegrafPlugin, _ draft: inout ImportDraft
    ) {
        for server in servers {
            draft.remark(
                output.line, output.title,
                "\(server) is left out: Telegraf writes to one of its servers; a section"
                    + " [TSDB:NAME] for it would get every point as well")
        }
    }

    /// `username` and `password`.
    static func user(_ output: inout TelegrafPlugin) -> [ImportDraft.Setting] {
        let user = output.text("username")
        let password = output.text("password")
        return [(BackendKey.user, user), (BackendKey.password, password)]
            .compactMap { key, text in text.map { (key, $0) } }
    }

    /// Certificates, the proxy and the timeout.
    static func connection(_ output: inout TelegrafPlugin) -> [ImportDraft.Setting] {
        var settings: [ImportDraft.Setting] = []
        for (key, name) in [
            (BackendKey.caFile, "tls_ca"), (BackendKey.clientCertificate, "tls_cert"),
            (BackendKey.clientKey, "tls_key"), (BackendKey.proxy, "http_proxy"),
        ] {
            if let text = output.text(name) { settings.append((key, text)) }
        }
        if output.flag("insecure_skip_verify") == true {
            settings.append((BackendKey.skipsVerification, "yes"))
        }
        if let seconds = output.seconds("timeout") {
            let most = min(max(seconds, 1), 3600)
            settings.append((BackendKey.timeoutSeconds, SettingForm.plain(most)))
        }
        return settings
    }

    private static func gzip(_ output: inout TelegrafPlugin) -> [ImportDraft.Setting] {
        output.text("content_encoding") == "identity" ? [(BackendKey.gzip, "no")] : []
    }
}
