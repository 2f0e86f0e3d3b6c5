internal import PuyPuyBackends

/// Turns `[TSDB]` and `[TSDB:NAME]` into the configuration of a backend.
struct BackendReader {
    /// Types that later releases have.
    static let laterTypes = [
        "InfluxDB2", "InfluxDB3", "OpenTSDB", "KairosDB", "Carbon", "Prometheus",
    ]
    /// Types that existing configurations name and nobody runs any more.
    static let goneTypes = ["OddEye", "BlueFlood"]

    /// The backend called `name`; `nil` when its type cannot be used. All problems end up in
    /// `reader`.
    static func read(name: String, from reader: inout SectionReader) -> BackendConfiguration? {
        reader.checkKeys(BackendKey.all)
        guard let type = type(from: &reader) else { return nil }
        var backend = BackendConfiguration(name: name, type: type)
        if type == .local {
            for key in BackendKey.server + BackendKey.delivery where reader.isSet(key) {
                reader.report(.notice, key, "has no effect with tsdtype: Local")
            }
            return backend
        }
        readServer(&backend, from: &reader)
        CredentialsReader.read(&backend, from: &reader)
        readTransport(&backend, from: &reader)
        readDelivery(&backend, from: &reader)
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
        if let later = laterTypes.first(where: names) {
            reader.report(
                .error, BackendKey.type, "\(later) is not in this release", expected: expectation)
        } else if let gone = goneTypes.first(where: names) {
            reader.report(
                .error, BackendKey.type, "\(gone) is not supported any more", expected: expectation)
        } else {
            let nearest = NearestName.nearest(
                to: text, among: BackendType.allCases.map(\.rawValue) + laterTypes)
            reader.report(
                .error, BackendKey.type, found: text, "unknown type", expected: expectation,
                hint: nearest.map { "did you mean \($0)?" })
        }
        return nil
    }

    private static var expectation: String {
        SettingForm.choice(BackendType.allCases.map(\.rawValue)).expectation
    }

    private static func readServer(
        _ backend: inout BackendConfiguration, from reader: inout SectionReader
    ) {
        let text = reader.text(BackendKey.address)
        if text.isEmpty {
            reader.report(
                .error, BackendKey.address, "missing", expected: BackendKey.address.form.expectation
            )
        } else {
            do {
                let address = try ServerAddress(text)
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
                    expected: BackendKey.address.form.expectation)
            }
        }
        backend.database = reader.text(BackendKey.database)
        if backend.database.isEmpty {
            reader.report(
                .error, BackendKey.database, "missing", expected: "the name of the database")
        }
        backend.retentionPolicy = reader.text(BackendKey.retentionPolicy)
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

    private static func readDelivery(
        _ backend: inout BackendConfiguration, from reader: inout SectionReader
    ) {
        backend.timeout = reader.duration(BackendKey.timeoutSeconds)
        backend.reconnectMax = reader.duration(BackendKey.reconnectMaxSeconds)
        backend.maxBatchPoints = reader.whole(BackendKey.maxBatchPoints)
        let rate = reader.whole(BackendKey.maxPointsPerSecond)
        backend.maxPointsPerSecond = rate == 0 ? nil : rate
        backend.drainOrder = reader.choice(BackendKey.drainOrder)
        let backfill = reader.duration(BackendKey.backfill)
        backend.backfill = backfill == .zero ? nil : backfill
        backend.compresses = reader.flag(BackendKey.gzip)
        backend.sendsIntegers = reader.flag(BackendKey.integers)
        backend.precision = reader.choice(BackendKey.precision)
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
