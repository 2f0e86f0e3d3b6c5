import PuyPuyChecks
import TestSupport

@testable import PuyPuyAgent

/// Files of settings, and what the web server reads of a request.
enum SettingsTargets {
    static let all = [
        files, configurations, values, addresses, requests, telegraf, collectd,
    ]

    private static let corpus: [[UInt8]] = {
        let folder = Installation.project + "/Tests/PuyPuyAgentTests/Fixtures"
        var corpus = [Array(readText(Installation.project + "/config.ini").utf8)]
        for kind in ["wrong", "historical", "historical_folder/conf"] {
            for name in names(inDirectory: folder + "/" + kind) where name.hasSuffix(".ini") {
                if let bytes = try? readBytes("\(folder)/\(kind)/\(name)") { corpus.append(bytes) }
            }
        }
        return corpus
    }()

    private static let words = [
        "[SelfConfig]\n", "[TSDB]\n", "[TSDB:b]\n", "[WebServer]\n", "[", "]", "\n", "\r", ":", "=",
        "#",
        "${", "}", "$$", "${HOME}", "\n  ", "address: ", "tsdtype: InfluxDB\n", "yes",
        "[DEFAULT]\n",
        "check_period_seconds: ", "webaddress: ", "allowedip: ",
    ]

    private static let files = FuzzTarget("INI files", corpus: corpus, words: words, weight: 0.5) {
        bytes in
        let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D }
        for allowsHeaderless in [false, true] {
            let file = INIFile(bytes: bytes, allowsHeaderless: allowsHeaderless)
            for error in file.errors where !(1...lines).contains(error.line) {
                return "an error in line \(error.line) of \(lines)"
            }
            if file.errors.map(\.line) != file.errors.map(\.line).sorted() { return "no order" }
            let names = file.sections.map(\.name)
            if Set(names).count != names.count { return "a section is there twice" }
            for section in file.sections {
                let keys = section.entries.map(\.key)
                if Set(keys).count != keys.count { return "a key is there twice" }
                for entry in section.entries where !(1...lines).contains(entry.line) {
                    return "\(entry.key) in line \(entry.line)"
                }
            }
            if lines < file.errors.count / 3 { return "\(file.errors.count) errors" }
            guard file.errors.isEmpty, let printed = text(of: file) else { continue }
            let again = INIFile(printed, allowsHeaderless: allowsHeaderless)
            if !again.errors.isEmpty || !isSame(again, file) { return "printed it is another" }
        }
        return nil
    }

    private static func fixture(_ name: String) -> [UInt8] {
        Array(readText(Installation.project + "/Tests/PuyPuyAgentTests/Fixtures/" + name).utf8)
    }

    private static let telegraf = FuzzTarget(
        "Telegraf's TOML", corpus: [fixture("telegraf/telegraf.conf")],
        words: [
            "[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "'''", "=", ",", "#", "\\u00e9",
            "\\",
            "[agent]\n", "[[outputs.influxdb]]\n", "urls = [\"http://a:1\"]\n", "1e999", "-0",
            "interval = \"10s\"\n", "[[inputs.exec]]\n", "a.b = 1\n", "true",
        ], weight: 0.5
    ) { bytes in
        let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D }
        do throws(TOMLFile.Failure) {
            for table in try TOMLFile(bytes: bytes).tables {
                let keys = table.entries.map(\.key)
                if Set(keys).count != keys.count { return "a key is there twice" }
                if !(1...lines).contains(table.line) { return "a table in line \(table.line)" }
            }
        } catch {
            if !(1...lines).contains(error.line) { return "an error in line \(error.line)" }
        }
        return nil
    }

    private static let collectd = FuzzTarget(
        "collectd's configuration", corpus: [fixture("collectd/collectd.conf")],
        words: [
            "<", ">", "</", "<Plugin cpu>\n", "</Plugin>\n", "\"", "\\", "\\\n", "#", "LoadPlugin ",
            "Interval 10\n", "Hostname \"a\"\n", "Include \"/etc\"\n", "\n",
        ], weight: 0.5
    ) { bytes in
        let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D }
        do throws(CollectdFile.Failure) {
            let nodes = try CollectdFile(bytes: bytes).nodes
            if !nodes.allSatisfy({ (1...lines).contains($0.line) }) { return "no such line" }
        } catch {
            if !(1...lines).contains(error.line) { return "an error in line \(error.line)" }
        }
        return nil
    }

    /// The file anew; `nil` when it begins with keys, or has lines within values.
    private static func text(of file: INIFile) -> String? {
        var text = ""
        for section in file.sections {
            if section.name.isEmpty { return nil }
            text += "[\(section.name)]\n"
            for entry in section.entries {
                if entry.value.contains("\n") { return nil }
                text += "\(entry.key): \(entry.value)\n"
            }
        }
        return text
    }

    private static func isSame(_ left: INIFile, _ right: INIFile) -> Bool {
        left.sections.map(\.name) == right.sections.map(\.name)
            && zip(left.sections, right.sections).allSatisfy { left, right in
                left.entries.map(\.key) == right.entries.map(\.key)
                    && left.entries.map(\.value) == right.entries.map(\.value)
            }
    }

    /// The whole way from a file to settings, with an option of each form.
    private static let configurations = FuzzTarget(
        "configurations", corpus: corpus, words: words, weight: 0.1,
        makeReader: {
            let folder = try TemporaryDirectory("puypuy-fuzz")
            try folder.write("checks_enabled/check_cpustats.ini", "")
            try folder.write("checks_enabled/check_openfiles.ini", "[Open Files]\na: b\n")
            return { try fault(ofLoading: $0, in: folder) }
        })

    private static func fault(
        ofLoading bytes: [UInt8], in folder: TemporaryDirectory
    ) throws -> String? {
        try writeBytes(bytes, to: folder.path + "/config.ini")
        let (settings, problems) = Settings.load(
            from: SettingsLocation(label: "config.ini", path: folder.path + "/config.ini"),
            checks: CheckRegistry.builtIn, environment: { $0 == "HOME" ? "/root" : nil })
        if (settings == nil) != problems.hasErrors { return "settings in spite of errors" }
        let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D }
        for problem in problems {
            if problem.file == "config.ini", let line = problem.line,
                !(1...lines).contains(line)
            {
                return "a problem in line \(line) of \(lines): \(problem)"
            }
            // What is there and wrong has a line; only what is missing has none.
            if problem.severity == .error, problem.found != nil, problem.line == nil {
                return "a problem without a line: \(problem)"
            }
            if problem.description.unicodeScalars.contains(where: {
                $0.properties.generalCategory == .control
            }) {
                return "a problem with control characters"
            }
        }
        // Each problem repeats a line at most, and some lines have several.
        let size = problems.reduce(0) { $0 + $1.description.utf8.count }
        if size > 10_000 + 200 * bytes.count { return "\(size) bytes of problems" }
        if let period = settings?.checkPeriod, period <= .zero {
            return "a period of \(period)"
        }
        return nil
    }

    private static let values = FuzzTarget(
        "values of settings",
        texts: [
            "http://u:p@h:1/x?p=1&token=2", "${HOME}/x", "$${", "a$$b", "${", "host:80", "%41",
        ],
        words: ["${", "}", "$", "$$", "://", "@", ":", "?", "&", "p=", "%", "HOME", "[", "]"]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let expanded = try? ValueExpansion.expand(text) { $0 == "HOME" ? "/root" : nil }
        if let expanded, expanded.utf8.count > 5 * text.utf8.count { return "it grew" }
        let masked = SecretText.maskingCredentials(text)
        if masked.utf8.count > 10 * text.utf8.count + 8 { return "it grew to \(masked.utf8.count)" }
        for form in [ServerAddress.Form.http, .carbon] {
            guard let address = try? ServerAddress(text, of: form) else { continue }
            guard let again = try? ServerAddress(address.url, of: form), again.url == address.url
            else { return "\(address.url) is another address" }
        }
        _ = ServerAddress.isProxy(text)
        let shown = LogLine.escapingControls(text)
        if shown.utf8.count > 10 * text.utf8.count { return "it grew" }
        return shown.utf8.contains { $0 < 32 || $0 == 127 } ? "a control character is left" : nil
    }

    private static let addresses = FuzzTarget(
        "addresses of the web server",
        texts: [
            "127.0.0.1:9898", "[::1]:9898", "::1", ":9898", "*", "10.0.0.0/8, ::1 fe80::/10", "/",
        ],
        words: ["::", ":", "[", "]", "/", ".", ",", "%eth0", "ffff:"]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let (host, port) = WebSettings.parse(text) {
            var web = WebSettings()
            (web.host, web.port) = (host, port)
            guard let again = WebSettings.parse(web.address), again.host == host, again.port == port
            else { return "\(web.address) is another address" }
        }
        if let set = try? AddressSet(text) {
            _ = (set.contains("127.0.0.1"), set.contains("::ffff:10.1.2.3"))
            if set.contains("nobody") { return "it has nobody" }
        }
        _ = AddressSet.isLoopback(text)
        return nil
    }

    private static let requests = FuzzTarget(
        "paths and headers of requests",
        texts: [
            "/api/v1/backends/influx/retry", "/%6detrics/", "/", "//", "/a%00b",
            "gzip;q=0.5, *;q=0",
        ],
        words: ["%", "%2f", "%c3%a9", "/", "..", ";q=", ",", "gzip"]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let request = WebRequest(
            origin: .control, method: "GET", path: text, apiKey: nil, authorization: text,
            acceptEncoding: text)
        _ = request.acceptsGzip
        guard let segments = request.segments else { return nil }
        return segments.reduce(0, { $0 + $1.utf8.count }) > text.utf8.count ? "it grew" : nil
    }
}
