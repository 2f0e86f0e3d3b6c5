internal import PuyPuyCore

/// The name of a series as Carbon knows it: a path with dots, which becomes a path of files.
///
/// Two forms. The plain one is that of the first PuyPuy, so that dashboards keep working:
/// `cluster.group.host_with_underscores.location.type[.extra tag values].name`, extra values in the
/// order of their keys. The tagged one is `name;key=value;…`
/// (graphite.readthedocs.io/en/latest/tags.html), pairs in the order in which Carbon sorts them.
///
/// carbon 1.1 makes file names of what it gets: spaces, slashes, `..` and control characters
/// reach the disk. So nothing of that leaves here: a character that is not in ``isPlain(_:)`` becomes `_`.
enum CarbonPath {
    /// NAME_MAX of Linux is 255; the name of the series' own file ends in `.wsp`.
    static let maxComponentBytes = 254
    /// PATH_MAX of Linux is 4096, and Carbon's own folders go before the path.
    static let maxBytes = 3000
    /// What stands in the place of a base tag that a series lacks.
    static let placeholder = "unknown"
    /// What stands in the place of a missing tag `type`: the type of a check without one.
    static let untyped = "untyped"

    private static let baseTags = ["cluster", "group", "host", "location", "type"]

    /// Why a series has no path.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    /// The path of `series`, in ASCII.
    static func bytes(of series: Series, tagged: Bool) throws(Refusal) -> [UInt8] {
        guard !series.metric.isEmpty else { throw Refusal(reason: "the metric is empty") }
        let path = tagged ? try taggedPath(series) : plainPath(series)
        guard path.count <= maxBytes else {
            throw Refusal(reason: "its path is over \(maxBytes) bytes")
        }
        if tagged { return path }
        let components = path.split(separator: dot, omittingEmptySubsequences: false)
        for (index, component) in components.enumerated() {
            let suffix = index == components.count - 1 ? ".wsp".utf8.count : 0
            if component.count + suffix > maxComponentBytes {
                throw Refusal(
                    reason: "a part of its path is over \(maxComponentBytes - suffix) bytes: "
                        + String(decoding: component.prefix(40), as: UTF8.self) + "…")
            }
        }
        return path
    }

    private static func plainPath(_ series: Series) -> [UInt8] {
        var path: [UInt8] = []
        for key in baseTags {
            let value = series.tags[key] ?? (key == "type" ? untyped : placeholder)
            appendPart(key == "host" ? value.replacing(".", with: "_") : value, to: &path)
        }
        for tag in series.tags.pairs where !baseTags.contains(tag.key) {
            appendPart(tag.value, to: &path)
        }
        appendPart(series.metric, to: &path)
        return path
    }

    private static func appendPart(_ word: String, to path: inout [UInt8]) {
        if !path.isEmpty { path.append(dot) }
        path += sanitised(word)
    }

    /// Carbon sorts `;key=value` as texts, and so does this.
    private static func taggedPath(_ series: Series) throws(Refusal) -> [UInt8] {
        var path = withoutTilde(sanitised(series.metric))
        var keys: Set<[UInt8]> = []
        var pairs: [[UInt8]] = []
        for tag in series.tags.pairs {
            var key = sanitised(tag.key).map { $0 == equalsSign ? underscore : $0 }
            // Carbon keeps the metric under this key.
            if key == Array("name".utf8) { key.insert(underscore, at: 0) }
            guard keys.insert(key).inserted else {
                throw Refusal(
                    reason: "two of its tags are \(String(decoding: key, as: UTF8.self)) to Carbon")
            }
            pairs.append(key + [equalsSign] + withoutTilde(sanitised(tag.value)))
        }
        for pair in pairs.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            path.append(semicolon)
            path += pair
        }
        return path
    }

    /// A value that starts with `~` is refused by Carbon, and a name loses it.
    private static func withoutTilde(_ word: [UInt8]) -> [UInt8] {
        word.first == tilde ? [underscore] + word.dropFirst() : word
    }

    /// `word` with `_` for each character that must not get into a path; dots stay where they
    /// separate two parts. Never empty.
    static func sanitised(_ word: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in word.unicodeScalars {
            if scalar == "." {
                if let last = bytes.last, last != dot { bytes.append(dot) }
            } else {
                bytes.append(isPlain(scalar) ? UInt8(scalar.value) : underscore)
            }
        }
        if bytes.last == dot { bytes.removeLast() }
        return bytes.isEmpty ? [underscore] : bytes
    }

    /// What is harmless in a file name, in a tag and in an expression of graphite-web.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-", "+", ":", "@", "#", "%", "=", "~": true
        default: false
        }
    }

    private static let dot = UInt8(ascii: ".")
    private static let underscore = UInt8(ascii: "_")
    private static let equalsSign = UInt8(ascii: "=")
    private static let semicolon = UInt8(ascii: ";")
    private static let tilde = UInt8(ascii: "~")
}
