/// Metrics and tag keys in the characters that Prometheus takes.
///
/// A name that Prometheus takes as it is stays as it is. Any other becomes `U__` and its characters:
/// an underscore as two, a character that Prometheus does not take as `_HEX_`, its code point in
/// lower-case hexadecimal. `disk.used` becomes `U__disk_2e_used`. That is Prometheus' own escaping
/// of the kind `values`. No two names become one: what would be mistaken for an escaped name is
/// escaped, too.
///
/// Source: prometheus.io/docs/instrumenting/escaping_schemes and prometheus/common
/// `model/metric.go`.
enum PrometheusNames {
    private static let mark = "U__"

    /// `metric` as a value of `__name__`: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    static func metric(_ name: String) -> String {
        isPlain(name, takesColon: true) ? name : escaped(name, takesColon: true)
    }

    /// A tag's key as the name of a label: `[a-zA-Z_][a-zA-Z0-9_]*`. Labels that begin with two
    /// underscores are Prometheus' own.
    static func label(_ key: String) -> String {
        isPlain(key, takesColon: false) && !key.hasPrefix("__")
            ? key : escaped(key, takesColon: false)
    }

    private static func isPlain(_ name: String, takesColon: Bool) -> Bool {
        !name.isEmpty && !name.hasPrefix(mark)
            && name.unicodeScalars.enumerated().allSatisfy { index, scalar in
                takes(scalar, at: index, takesColon: takesColon)
            }
    }

    private static func takes(_ scalar: Unicode.Scalar, at index: Int, takesColon: Bool) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "_": true
        case "0"..."9": index > 0
        case ":": takesColon
        default: false
        }
    }

    private static func escaped(_ name: String, takesColon: Bool) -> String {
        var escaped = mark
        for (index, scalar) in name.unicodeScalars.enumerated() {
            if scalar == "_" {
                escaped += "__"
            } else if takes(scalar, at: index, takesColon: takesColon) {
                escaped.unicodeScalars.append(scalar)
            } else {
                escaped += "_\(String(scalar.value, radix: 16))_"
            }
        }
        return escaped
    }
}
