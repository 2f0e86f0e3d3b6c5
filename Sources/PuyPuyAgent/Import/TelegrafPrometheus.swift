internal import PuyPuyBackends

/// What Telegraf's outputs for Prometheus become.
enum TelegrafPrometheus {
    /// `[[outputs.http]]` with remote write; returns the tables below it that are carried over.
    static func convertRemoteWrite(
        _ output: inout TelegrafPlugin, _ draft: inout ImportDraft
    ) -> [String] {
        _ = output.text("data_format")
        _ = output.text("method")
        guard let url = output.text("url"), let scheme = url.firstRange(of: "://") else {
            draft.remark(output.line, output.title, "it has no url")
            return []
        }
        let rest = url[scheme.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var settings: [ImportDraft.Setting] = [
            (BackendKey.address, String(url[..<slash]))
        ]
        if slash < rest.endIndex { settings.append((BackendKey.path, String(rest[slash...]))) }
        settings += TelegrafOutputs.user(&output)
        if let token = takeHeaders(output, &draft) { settings.append((BackendKey.token, token)) }
        settings += TelegrafOutputs.connection(&output)
        draft.add(.prometheusRemoteWrite, settings)
        return ["headers"]
    }

    /// The headers that remote write has anyway.
    private static let standardHeaders: Set<String> = [
        "content-type", "content-encoding", "x-prometheus-remote-write-version",
    ]

    /// The token of a header `Authorization`; other headers are noted.
    private static func takeHeaders(
        _ output: TelegrafPlugin, _ draft: inout ImportDraft
    ) -> String? {
        var token: String?
        for header in output.below.filter({ $0.path.last == "headers" }).flatMap(\.entries) {
            let name = header.key.lowercased()
            let text = header.value.string ?? ""
            if name == "authorization" && text.hasPrefix("Bearer ") {
                token = String(text.dropFirst("Bearer ".count))
            } else if !standardHeaders.contains(name) {
                draft.remark(
                    header.line, "\(output.title) \(header.key)",
                    "no headers of one's own are sent")
            }
        }
        return token
    }

    /// `[[outputs.prometheus_client]]`: the web server, which Prometheus reads.
    static func convertClient(_ output: inout TelegrafPlugin, _ draft: inout ImportDraft) {
        let listen = output.text("listen") ?? ":9273"
        draft.add(.prometheus, [])
        draft.setWeb(WebServerKey.isEnabled, "yes")
        draft.setWeb(
            WebServerKey.address, listen.hasPrefix(":") ? "0.0.0.0" + listen : listen)
        if let ranges = output.texts("ip_range"), !ranges.isEmpty {
            draft.setWeb(WebServerKey.allowedAddresses, ranges.joined(separator: ", "))
        }
        draft.remark(
            output.line, output.title,
            "the web server is for Prometheus, at /metrics; with an apikey instead of a user")
    }
}
