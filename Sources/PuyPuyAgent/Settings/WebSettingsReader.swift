internal import PuyPuyBackends

/// Reads `[WebServer]`.
enum WebSettingsReader {
    /// What the section says; what it leaves out is off or open as ``WebSettings`` has it.
    static func read(
        from reader: inout SectionReader, for backends: [BackendConfiguration]
    ) -> WebSettings {
        var web = WebSettings()
        web.isEnabled = reader.flag(WebServerKey.isEnabled)
        if !web.isEnabled, backends.contains(where: { $0.type == .prometheus }) {
            reader.report(
                .warning, WebServerKey.isEnabled,
                "off, so that a Prometheus has nothing to read", hint: "write webserver: yes")
        }
        let address = reader.text(WebServerKey.address)
        if let (host, port) = WebSettings.parse(address) {
            (web.host, web.port) = (host, port)
        } else {
            reader.report(
                .error, WebServerKey.address, found: address, "not an address to listen on",
                expected: "an address and a port, like 127.0.0.1:9898 or [::]:9898",
                hint: address.contains("://") ? "leave \(scheme(of: address))// out" : nil)
        }
        web.allowed = allowed(from: &reader)
        web.apiKey = CredentialsReader.secret(
            WebServerKey.apiKey, file: WebServerKey.apiKeyFile, from: &reader)
        if web.isEnabled, !web.isLocal, web.apiKey == nil, web.allowed == nil,
            !reader.isSet(WebServerKey.apiKeyFile)
        {
            reader.report(
                .warning, WebServerKey.address, found: address,
                "everybody who reaches this address can read everything that is collected",
                hint: "set apikey or allowedip, or listen on 127.0.0.1")
        }
        return web
    }

    private static func allowed(from reader: inout SectionReader) -> AddressSet? {
        let text = reader.text(WebServerKey.allowedAddresses)
        do {
            let set = try AddressSet(text)
            return set.isEmpty ? nil : set
        } catch {
            reader.report(
                .error, WebServerKey.allowedAddresses, found: error.word, error.message,
                expected: "addresses and networks, like 127.0.0.1, 10.0.0.0/8 or fd00::/8",
                hint: error.hint)
            return nil
        }
    }

    private static func scheme(of address: String) -> Substring {
        address.firstIndex(of: "/").map { address[..<$0] } ?? ""
    }
}
