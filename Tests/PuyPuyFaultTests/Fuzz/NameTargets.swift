import PuyPuyCore
import TestSupport

@testable import PuyPuyBackends

/// Names that checks chose, on their way into what databases take; and the addresses of these.
enum NameTargets {
    static let all = [addresses, prometheus, openTSDB, carbon, encoders]

    private static let names = [
        "cpu_load", "disk.used", "a b", "é", "_x41", "U__a", "__name__", "a,b=c\\", "..", "/",
        "a..b",
        "", "~x", "name", ";", "0a", "a\nb", "\"", "value",
    ]
    private static let nameWords = [
        "_", "__", "U__", "_x", "_2e_", ".", "/", ";", "=", "~", ":", "\\",
    ]

    private static let addresses = FuzzTarget(
        "addresses of servers",
        texts: [
            "http://localhost:8086", "https://[::1]:8443/path/", "tcp://host:2004", "tls://h",
            "host",
            "http://user:p%40ss@host", "http://a/?q#f",
        ], words: ["://", "[", "]", ":", "@", "%", "/", "?", "#", "http", "tcp://", "\\"],
        weight: 0.5
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let address = try? ServerAddress(text) {
            if text.utf8.contains(UInt8(ascii: "@")) { return "it has a user" }
            guard let again = try? ServerAddress(address.base), again == address else {
                return "\(address.base) is another address"
            }
        }
        if let address = try? CarbonAddress(text) {
            guard let again = try? CarbonAddress(address.shown), again == address else {
                return "\(address.shown) is another address"
            }
        }
        let encoded = ServerAddress.queryEncoded(text)
        return encoded.utf8.count <= 3 * text.utf8.count ? nil : "\(encoded.utf8.count) bytes"
    }

    private static let prometheus = FuzzTarget(
        "names for Prometheus", texts: names, words: nameWords
    ) {
        let name = String(decoding: $0, as: UTF8.self)
        for (mapped, takesColon) in [
            (PrometheusNames.metric(name), true), (PrometheusNames.label(name), false),
        ] {
            let isTaken = mapped.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || takesColon && byte == UInt8(ascii: ":")
                    || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte)
            }
            if !isTaken || mapped.isEmpty || mapped.first!.isNumber {
                return "\(mapped) is not taken"
            }
            if !takesColon && mapped.hasPrefix("__") { return "\(mapped) is Prometheus' own" }
            guard let original = prometheusOriginal(mapped) else {
                return "\(mapped) has no original"
            }
            if !original.utf8.elementsEqual(name.utf8) { return "\(mapped) stands for \(original)" }
        }
        return nil
    }

    /// Reads Prometheus' escaping of the kind `values`.
    private static func prometheusOriginal(_ mapped: String) -> String? {
        guard mapped.hasPrefix("U__") else { return mapped }
        var original = String.UnicodeScalarView()
        var rest = mapped.unicodeScalars.dropFirst(3)
        while let scalar = rest.popFirst() {
            guard scalar == "_" else {
                original.append(scalar)
                continue
            }
            if rest.first == "_" {
                rest.removeFirst()
                original.append("_")
                continue
            }
            let digits = String(Substring(rest.prefix { $0 != "_" }))
            guard let code = UInt32(digits, radix: 16), let escaped = Unicode.Scalar(code) else {
                return nil
            }
            original.append(escaped)
            rest = rest.dropFirst(digits.unicodeScalars.count)
            guard rest.popFirst() == "_" else { return nil }
        }
        return String(original)
    }

    private static let openTSDB = FuzzTarget("names for OpenTSDB", texts: names, words: nameWords) {
        let name = Array(String(decoding: $0, as: UTF8.self).utf8)
        var mapped: [UInt8] = []
        OpenTSDBName.append(String(decoding: name, as: UTF8.self), to: &mapped)
        var original: [UInt8] = []
        var rest = mapped[...]
        while let byte = rest.popFirst() {
            let code = String(decoding: rest.prefix(3), as: UTF8.self)
            if byte == UInt8(ascii: "_"), rest.count >= 3, code.first == "x",
                code.dropFirst().allSatisfy({ "0123456789ABCDEF".contains($0) }),
                let escaped = UInt8(code.dropFirst(), radix: 16)
            {
                original.append(escaped)
                rest = rest.dropFirst(3)
            } else {
                original.append(byte)
            }
        }
        return original == name ? nil : "\(String(decoding: mapped, as: UTF8.self)) is another name"
    }

    private static let carbon = FuzzTarget(
        "paths of Carbon",
        texts: names.map { "metric \($0)\thost\t\($0)\ta.b\t..\tname\tx" } + ["m\thost\ta/../b"],
        words: nameWords + ["\t", "host\t", "type\t"]
    ) { bytes in
        let series = NameTargets.series(of: bytes)
        for tagged in [false, true] {
            guard let path = try? CarbonPath.bytes(of: series, tagged: tagged) else { continue }
            let text = String(decoding: path, as: UTF8.self)
            if path.count > CarbonPath.maxBytes || path.isEmpty { return "\(path.count) bytes" }
            if path.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "/") }) {
                return "\(text) is no path"
            }
            if text.contains("..") || text.hasPrefix(".") || text.hasSuffix(".") {
                return "\(text) has an empty part"
            }
            if !tagged, path.split(separator: UInt8(ascii: ".")).contains(where: { $0.count > 254 })
            {
                return "a long part"
            }
        }
        return nil
    }

    /// The metric, then keys and values, all kept apart by tabs.
    private static func series(of bytes: [UInt8]) -> Series {
        let words = bytes.split(separator: 0x09, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        var tags: [(key: String, value: String)] = []
        for index in stride(from: 1, to: words.count - 1, by: 2) {
            tags.append((words[index], words[index + 1]))
        }
        return Series(metric: words.first ?? "", tags: Tags(tags))
    }

    /// Points of any series, time and value, by every encoder.
    private static let encoders = FuzzTarget(
        "encoders", texts: names.map { "\($0)\thost\t\($0)\tcore\tall" }, words: nameWords + ["\t"],
        weight: 0.5
    ) { bytes in
        let bits = bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let values: [Value] = [
            .double(Double(bitPattern: bits)), .integer(Int64(bitPattern: bits)),
        ]
        let series = NameTargets.series(of: bytes)
        let points =
            values.enumerated().map { index, value in
                Point(
                    series: series, timestampNs: Int64(bitPattern: bits &* 31) >> (index * 8),
                    value: value)
            } + [Point(series: series, timestampNs: .min, value: .double(1))]
        let (block, catalog) = AnswerTargets.encoded(points)
        let room = points.count * (200 + 7 * bytes.count * 3)

        for dialect in [LineDialect.influxDB1, .influxDB2, .influxDB3] {
            var encoder = LineProtocol(dialect, sendsIntegers: true)
            var lines = LineBlock()
            encoder.encode(block, catalog: catalog, to: &lines)
            if lines.count + lines.rejections.count != points.count { return "\(dialect) lost one" }
            if lines.bytes.count > room { return "\(lines.bytes.count) bytes of lines" }
            let feeds = lines.bytes.count { $0 == 0x0A }
            if feeds != lines.count { return "\(feeds) lines of \(lines.count) for \(dialect)" }
        }
        var kairos = KairosEncoder()
        kairos.encode(block, catalog: catalog)
        if kairos.block.count + kairos.block.rejections.count != points.count {
            return "Kairos lost one"
        }
        if !kairos.block.bytes.isEmpty && JSONValue(kairos.block.bytes) == nil { return "no JSON" }
        var openTSDB = OpenTSDBEncoder()
        openTSDB.encode(first: block.count, of: block, catalog: catalog)
        if openTSDB.block.count + openTSDB.block.rejections.count != points.count {
            return "OpenTSDB lost one"
        }
        if !openTSDB.block.bytes.isEmpty && JSONValue(openTSDB.block.bytes) == nil {
            return "no JSON"
        }
        var writer = WriteRequestEncoder()
        writer.encode(block, catalog: catalog)
        if writer.request.rows.count + writer.request.rejections.count != points.count {
            return "remote write lost one"
        }
        let text = ExpositionEncoder.encode(points.prefix(1).map { ($0.series, $0.value) })
        return text.count > room ? "\(text.count) bytes for Prometheus" : nil
    }
}
