import TestSupport

@testable import PuyPuyCore

/// What the core reads: batches, tags, JSON, patterns, times.
enum CoreTargets {
    static let all = [batches, points, tags, pairs, json, globs, times]

    // MARK: Batches

    /// Batches with other bytes, and a checksum that matches these.
    private static let batches = FuzzTarget(
        "batch decoder", corpus: batchCorpus.map { $0.dropLast(4) }
    ) { body in
        let checksum = body.withUnsafeBytes { Checksum.crc32c($0) }
        let bytes = body + withUnsafeBytes(of: checksum.littleEndian) { Array($0) }
        guard let block = try? decoded(bytes) else { return nil }
        // Version 1 has a byte for every value. In version 2 points that are alike take none.
        let most = bytes[0] == 1 ? bytes.count : BatchCodec.maxPoints
        if block.count > most { return "\(block.count) points of \(bytes.count) bytes" }
        guard let again = try? decoded(BatchCodec.encode(block)) else {
            return "what was read cannot be read again"
        }
        return again == block ? nil : "what was read comes back as something else"
    }

    /// Points of any bits.
    private static let points = FuzzTarget("batch round trip", corpus: batchCorpus) { bytes in
        let block = CoreTargets.block(of: bytes)
        let encoded = BatchCodec.encode(block)
        if encoded.count > 64 + block.count * 40 { return "\(encoded.count) bytes" }
        guard let again = try? decoded(encoded) else { return "it cannot be read" }
        if again != block { return "it comes back as something else" }
        // Without the checksum a byte that is damaged would go unseen.
        var damaged = encoded
        damaged[bytes.count % damaged.count] ^= 1 << UInt8(bytes.count % 8)
        return (try? decoded(damaged)) == nil ? nil : "damage goes unseen"
    }

    private static func decoded(_ bytes: [UInt8]) throws -> PointBlock {
        try bytes.withUnsafeBytes { try BatchCodec.decode($0) }
    }

    /// Seventeen bytes are a point: series and kind, time, value.
    private static func block(of bytes: [UInt8]) -> PointBlock {
        var block = PointBlock()
        bytes.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count - 16, by: 17) {
                let time = bytes.loadUnaligned(fromByteOffset: start + 1, as: Int64.self)
                let bits = bytes.loadUnaligned(fromByteOffset: start + 9, as: Int64.self)
                let value: Value =
                    switch bytes[start] % 4 {
                    case 0: .integer(bits)
                    case 1: .double(Double(bitPattern: UInt64(bitPattern: bits)))
                    case 2: .double(Double(bits % 100_000) / 100)
                    default: .integer(bits % 1_000)
                    }
                let isOrdinary = bytes[start] < 128
                block.append(
                    series: isOrdinary ? Int64(bytes[start]) : time,
                    timestampNs: isOrdinary ? time % 10_000 * 1_000_000_000 : time, value: value)
            }
        }
        return block
    }

    /// Five points, of the kinds 2, 9 and 10.
    private static let batchOfVersion1: [UInt8] = [
        0x01, 0x05, 0x01, 0x18, 0x01, 0x02, 0x04, 0x00, 0x80, 0x90, 0x82, 0x82, 0xB9, 0xC7, 0xB2,
        0xEC,
        0x31, 0xFF, 0x8F, 0x82, 0x82, 0xB9, 0xC7, 0xB2, 0xEC, 0x31, 0x00, 0x00, 0x00, 0x00, 0x04,
        0x00,
        0x00, 0x0E, 0x02, 0x90, 0x04, 0xBE, 0x03, 0x86, 0x02, 0xE2, 0xAC, 0x15, 0x02, 0xA9, 0x4F,
        0xD9,
        0x62,
    ]

    private static let batchCorpus: [[UInt8]] = {
        var random = SeededGenerator(seed: 4)
        var corpus = [BatchCodec.encode(PointBlock()), batchOfVersion1]
        for count in [1, 2, 10, 100] {
            for form in 0..<4 {
                var block = PointBlock()
                for row in 0..<count {
                    let value: Value =
                        switch form {
                        case 0: .integer(Int64(row))
                        case 1: .double(Double(row) / 10)
                        case 2: .double(Double.random(in: -1...1, using: &random))
                        default: row % 2 == 0 ? .integer(.min) : .double(.nan)
                        }
                    block.append(
                        series: Int64(row % 7 + 1),
                        timestampNs: 1_700_000_000_000_000_000 + Int64(row),
                        value: value)
                }
                corpus.append(BatchCodec.encode(block))
            }
        }
        return corpus
    }()

    // MARK: Texts

    private static let tags = FuzzTarget(
        "tags", texts: ["", "a=b", "core=all,host=web1", "a\\,b=c\\=d,e=\\\\", "é=ü,z=1"],
        words: ["\\", ",", "=", "\\,", "\\=", "a=b,"]
    ) { bytes in
        guard let tags = Tags(String(decoding: bytes, as: UTF8.self)) else { return nil }
        if tags.pairs.count > bytes.count { return "\(tags.pairs.count) pairs" }
        return isStable(tags)
    }

    /// Any pairs: what line feeds and tabs keep apart.
    private static let pairs = FuzzTarget(
        "pairs of tags",
        texts: ["host\tweb1\ncore\tall", "a\tb\na\tc", "\tx\ny\t", ",\t=\n\\\t\\"],
        words: ["\t", "\n", "\\", "=", ","]
    ) { bytes in
        let lines = bytes.split(separator: 0x0A).map { line in
            let words = line.split(separator: 0x09, maxSplits: 1, omittingEmptySubsequences: false)
            return (
                key: String(decoding: words[0], as: UTF8.self),
                value: String(decoding: words.last ?? [], as: UTF8.self)
            )
        }
        let tags = Tags(lines)
        if tags.merging(tags) != tags { return "merged with themselves they are others" }
        return isStable(tags)
    }

    private static func isStable(_ tags: Tags) -> String? {
        guard let again = Tags(tags.description) else { return "the text cannot be read" }
        if again != tags || again.description != tags.description { return "the text says others" }
        let keys = tags.pairs.map { Array($0.key.utf8) }
        let isSorted = zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }
        return isSorted ? nil : "the keys are in no order"
    }

    private static let json = FuzzTarget(
        "JSON", texts: jsonTexts,
        words: [
            "{\"a\":", "[", "]", "}", ",", ":", "null", "true", "\\u0000", "\\ud83d\\ude00", "\"",
        ]
    ) { bytes in
        guard let value = JSONValue(bytes) else { return nil }
        let printed = Array(text(of: value).utf8)
        // A control character may become six bytes, and nothing else grows.
        if printed.count > 6 * bytes.count { return "\(printed.count) bytes of \(bytes.count)" }
        return JSONValue(printed) == value ? nil : "printed and read it is something else"
    }

    static let jsonTexts = [
        "null", "[1,-2.5e10,true,false]", "{\"a\":{\"b\":[\"\\u00e9\\n\",{}]},\"c\":\"\"}", "\"\"",
        "[[[[[[[[]]]]]]]]", " { \"a\" : 0 , \"a\" : 1 } ", "{\"backend\":\"influx\",\"after\":12}",
    ]

    private static func text(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .flag(let flag): flag ? "true" : "false"
        case .number(let digits): digits
        case .string(let text): JSONText.string(text)
        case .array(let elements): JSONText.array(elements.map(text))
        case .object(let members): JSONText.object(members.map { ($0.key, text(of: $0.value)) })
        }
    }

    /// The pattern ends at the first line feed.
    private static let globs = FuzzTarget(
        "globs", texts: ["cpu_*\ncpu_load", "*a*b*\nxaxbx", "?\né", "\n", "**\n", "a?c\nabc"],
        words: ["*", "?", "**", "*?", "\n"]
    ) { bytes in
        let pieces = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        let pattern = String(decoding: pieces[0], as: UTF8.self)
        let name = String(decoding: pieces.last ?? [], as: UTF8.self)
        let matches = Glob(pattern).matches(name)
        if pattern.utf8.count + name.utf8.count > 200 { return nil }
        let expected = GlobOracle.matches(Array(pattern.utf8)[...], Array(name.utf8)[...])
        return matches == expected ? nil : "it says \(matches)"
    }

    /// The end of the text is compared with texts of times.
    private static let times = FuzzTarget(
        "texts of times", texts: ["2026-11-23T20:15:03.250000000Z", "1970", "2262-04-11", "", "~"],
        words: ["2026", "-", "T", ":", "Z"], weight: 0.1
    ) { bytes in
        let text = String(decoding: bytes.prefix(60), as: UTF8.self)
        guard let first = TimeText.firstNs(notBefore: text) else { return nil }
        let found = TimeText.text(ns: first)
        if found.utf8.count != TimeText.length { return found }
        if found.utf8.lexicographicallyPrecedes(text.utf8) { return "\(found) is before it" }
        guard first > .min else { return nil }
        let isBefore = TimeText.text(ns: first - 1).utf8.lexicographicallyPrecedes(text.utf8)
        return isBefore ? nil : "\(found) is not the first"
    }
}

/// Patterns by their definition, a table of all beginnings of the two.
private enum GlobOracle {
    static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var row = [true] + [Bool](repeating: false, count: text.count)
        for sign in pattern {
            var next = [sign == UInt8(ascii: "*") && row[0]]
            for (index, byte) in text.enumerated() {
                switch sign {
                case UInt8(ascii: "*"): next.append(next[index] || row[index + 1])
                case UInt8(ascii: "?"): next.append(row[index])
                default: next.append(row[index] && sign == byte)
                }
            }
            row = next
        }
        return row[text.count]
    }
}
