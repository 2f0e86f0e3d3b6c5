internal import PuyPuyBackends

/// Turns `[TSDB]` and `[TSDB:NAME]` into the configuration of a backend.
struct BackendReader {
    /// Types that existing configurations name and nobody runs any more.
    static let goneTypes = ["OddEye", "BlueFlood"]

    /// The backend called `name`; `nil` when its type cannot be used. All problems end up in
    /// `reader`.
    static func read(name: String, from reader: inout SectionReader) -> BackendConfiguration? {
        reader.checkKeys(BackendKey.all)
        guard let type = type(from: &reader) else { return nil }
        var backend = BackendConfiguration(name: name, type: type)
        let effective = BackendKey.effective(for: type)
        for key in BackendKey.all where key.withoutEffect == nil && !effective.contains(key) {
            if reader.isSet(key) {
                reader.report(.notice, key, "has no effect with tsdtype: \(type.rawValue)")
            }
        }
        guard type.hasSender else { return backend }
        for key in BackendKey.required(for: type) where !reader.isSet(key) {
            reader.report(.error, key, "missing", expected: expected(key))
        }
        readAddress(&backend, from: &reader)
        if effective.contains(BackendKey.user) {
            CredentialsReader.read(&backend, from: &reader)
        }
        readTransport(&backend, from: &reader)
        readRequests(&backend, from: &reader)
        for key in effective { read(key, into: &backend, from: &reader) }
        return backend
    }

    private static func type(from reader: inout SectionReader) -> BackendType? {
        let text = reader.text(BackendKey.type)
        if !reader.isSet(BackendKey.type) {
            let needsType = [BackendKey.address, BackendKey.database].contains(where: reader.isSet)
            reader.report(
                needsType ? .error : .notice, BackendKey.type,
                needsType ? "missing" : "missing, so the points stay in the spool",
                expected: expectation)
            return needsType ? nil : .local
        }
        func names(_ type: String) -> Bool { type.lowercased() == text.lowercased() }
        if let type = BackendType.allCases.first(where: { names($0.rawValue) }) { return type }
        if let gone = goneTypes.first(where: names) {
            reader.report(
                .error, BackendKey.type, "\(gone) is not supported any more", expected: expectation)
        } else {
            let nearest = NearestName.nearest(
                to: text, among: BackendType.allCases.map(\.rawValue))
            reader.report(
                .error, BackendKey.type, found: text, "unknown type", expected: expectation,
                hint: SectionReader.holdsComment(text)
                    ? "a comment needs a line of its own" : nearest.map { "did you mean \($0)?" })
        }
        return nil
    }

    private static var expectation: String { BackendKey.type.form.expectation }

    private static func expected(_ key: SettingKey) -> String {
        key == BackendKey.address ? key.form.expectation : "the name of the \(key.name)"
    }

    private static func readAddress(
        _ backend: inout BackendConfiguration, from reader: inout SectionReader
    ) {
        let text = reader.text(BackendKey.address)
        if text.isEmpty { return }
        do {
            let address = try ServerAddress(text, of: backend.type == .carbon ? .carbon : .http)
            backend.url = address.url
            if let user = address.user {
                backend.credentials = .basic(user: user, password: address.password)
            }
            if address.isSchemeAssumed {
                reader.report(
                    .notice, BackendKey.address, "taken for \(address.url)",
                    hint: "write http:// or https:// in front of it")
            }
        } catch {
            reader.report(
                .error, BackendKey.address, found: text, error.message,
                expected: backend.type == .carbon
                    ? "host:2004, tcp://host:2004 or tls://host:port"
                    : BackendKey.address.form.expectation)
        }
    }

    /// The keys that only some types have.
    private static func read(
        _ key: SettingKey, into backend: inout BackendConfiguration,
        from reader: inout SectionReader
    ) {
        switch key {
        case BackendKey.database: backend.database = reader.text(key)
        case BackendKey.retentionPolicy: backend.retentionPolicy = reader.text(key)
        case BackendKey.organization: backend.organization = reader.text(key)
        case BackendKey.bucket: backend.bucket = reader.text(key)
        case BackendKey.path: backend.path = path(from: &reader)
        case BackendKey.chunked: backend.takesChunked = reader.optionalFlag(key)
        case BackendKey.dropTags:
            backend.droppedTags = reader.text(key).split { $0 == " " || $0 == "," || $0 == "\t" }
                .map(String.init)
        case BackendKey.carbonTags: backend.sendsCarbonTags = reader.flag(key)
        case BackendKey.maxCreatesPerMinute:
            let creates = reader.whole(key)
            backend.maxCreatesPerMinute = creates == 0 ? nil : creates
        case BackendKey.gzip: backend.compresses = reader.flag(key)
        case BackendKey.integers: backend.sendsIntegers = reader.flag(key)
        case BackendKey.precision: readPrecision(&backend, from: &reader)
        default: break
        }
    }

    /// Existing configurations have `api/v1/datapoints` as well as `/api/v1/datapoints`.
    private static func path(from reader: inout SectionReader) -> String {
        let text = reader.text(BackendKey.path)
        if text.isEmpty { return "" }
        if text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x23 }) {
            reader.report(
                .error, BackendKey.path, found: text, "not the path of an address",
                expected: "a path like /api/put")
        }
        return text.hasPrefix("/") ? text : "/" + text
    }

    private static func readPrecision(
        _ backend: inout BackendConfiguration, from reader: inout SectionReader
    ) {
        guard backend.type == .openTSDB else {
            backend.precision = reader.choice(BackendKey.precision, otherwise: .nanoseconds)
            return
        }
        backend.precision = reader.choice(BackendKey.precision, otherwise: .milliseconds)
        if backend.precision != .milliseconds && backend.precision != .seconds {
            reader.report(
                .error, BackendKey.precision, found: backend.precision.rawValue,
                "not a unit of OpenTSDB", expected: "ms or s")
        }
    }

    private static func readTransport(
        _ backend: inout BackendConfiguration, from reader: inout SectionReader
    ) {
        backend.caFile = existing(BackendKey.caFile, from: &reader)
        backend.clientCertificate = existing(BackendKey.clientCertificate, from: &reader)
        backend.clientKey = existing(BackendKey.clientKey, from: &reader)
        if backend.clientKey != nil && backend.clientCertificate == nil
            && !reader.isSet(BackendKey.clientCertificate)
        {
            reader.report(
                .error, BackendKey.clientKey, "a key without a certificate", hint: "set client_cert"
            )
        }
        backend.skipsVerification = reader.flag(BackendKey.skipsVerification)
        if backend.skipsVerification {
            reader.report(
                .warning, BackendKey.skipsVerification, "any certificate is taken for the server's",
                hint: "name the server's certificate authority with ca_file instead")
        }
        let proxy = reader.text(BackendKey.proxy)
        backend.proxy = proxy.isEmpty ? nil : proxy
        if !proxy.isEmpty && !ServerAddress.isProxy(proxy) {
            reader.report(
                .error, BackendKey.proxy, found: proxy, "not an address",
                expected: "an address like http://host:3128 or socks5h://host:1080")
        }
    }

    private static func readRequests(
        _ backend: inout BackendConfiguration, from reader: inout SectionReader
    ) {
        backend.timeout = reader.duration(BackendKey.timeoutSeconds)
        backend.reconnectMax = reader.duration(BackendKey.reconnectMaxSeconds)
        backend.maxBatchPoints = reader.whole(BackendKey.maxBatchPoints)
        let rate = reader.whole(BackendKey.maxPointsPerSecond)
        backend.maxPointsPerSecond = rate == 0 ? nil : rate
        backend.drainOrder =
            reader.choice(
                BackendKey.drainOrder,
                otherwise: backend.type == .prometheusRemoteWrite ? .oldestFirst : .freshFirst)
        let backfill = reader.duration(BackendKey.backfill)
        backend.backfill = backfill == .zero ? nil : backfill
    }

    private static func existing(
        _ key: SettingKey, from reader: inout SectionReader
    ) -> String? {
        guard let path = reader.path(key) else { return nil }
        switch SettingsFolder.kind(path) {
        case .file: break
        case .folder:
            reader.report(.error, key, found: path, "a folder", expected: "a PEM file")
        case .nothing:
            reader.report(.error, key, found: path, "no such file", expected: "a PEM file")
        }
        return path
    }
}
