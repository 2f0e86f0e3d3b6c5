/// One plugin of a Telegraf configuration, `[[inputs.cpu]]`, whose keys are taken one by one; what is
/// left is what PuyPuy does not know.
struct TelegrafPlugin {
    /// The head as it stands: `[[inputs.cpu]]`.
    let title: String
    /// Its line.
    let line: Int
    /// `inputs`, `outputs`; the only part of `agent` and `global_tags`.
    let kind: String
    /// `cpu`; empty for `agent` and `global_tags`.
    let name: String
    /// The keys that nobody took yet.
    private(set) var rest: [TOMLFile.Entry]
    /// The tables below it, each named by its last part: `tags`, `headers`.
    private(set) var below: [TOMLFile.Table] = []

    private init(_ table: TOMLFile.Table) {
        let name = table.path.joined(separator: ".")
        title = table.isElement ? "[[\(name)]]" : "[\(name)]"
        line = table.line
        kind = table.path.first ?? ""
        self.name = table.path.dropFirst().joined(separator: ".")
        rest = table.entries
    }

    /// The plugins of `file`, in its order.
    static func all(in file: TOMLFile) -> [TelegrafPlugin] {
        var plugins: [TelegrafPlugin] = []
        var path: [String] = []
        for table in file.tables {
            if table.path.count > 2 && table.path.starts(with: path) && path.count == 2 {
                plugins[plugins.count - 1].below.append(table)
            } else if !table.path.isEmpty || !table.entries.isEmpty {
                plugins.append(TelegrafPlugin(table))
                path = table.path
            }
        }
        return plugins
    }

    private mutating func take<Kind>(
        _ key: String, _ reading: (TOMLFile.Value) -> Kind?
    ) -> Kind? {
        guard let index = rest.firstIndex(where: { $0.key == key }),
            let value = reading(rest[index].value)
        else { return nil }
        rest.remove(at: index)
        return value
    }

    /// Takes a text that is not empty. `$NAME` as a whole is a variable of the environment, as
    /// `${NAME}` is.
    mutating func text(_ key: String) -> String? {
        let text = take(key) { value in
            value.string.flatMap { TelegrafPlugin.isUsable($0) ? $0 : nil }
        }
        return text.flatMap { $0.isEmpty ? nil : TelegrafPlugin.expandable($0) }
    }

    /// Takes an array of texts.
    mutating func texts(_ key: String) -> [String]? {
        take(key) { value in
            value.strings?.allSatisfy(TelegrafPlugin.isUsable) == true ? value.strings : nil
        }?.map(TelegrafPlugin.expandable)
    }

    /// Takes a key that says what is so anyway.
    mutating func drop(_ key: String, saying value: TOMLFile.Value) {
        _ = take(key) { $0 == value ? true : nil }
    }

    /// Whether a text is on one line, and not in a secret store.
    private static func isUsable(_ text: String) -> Bool {
        !text.contains { $0.isNewline } && !text.contains("@{")
    }

    /// Takes a truth value.
    mutating func flag(_ key: String) -> Bool? { take(key, \.boolean) }

    /// Takes a number without a fraction.
    mutating func whole(_ key: String) -> Int64? { take(key, \.integer) }

    /// Takes a time: seconds as a number, or `10s`, `1m30s`, `500ms`.
    mutating func seconds(_ key: String) -> Double? {
        take(key) { value in
            switch value {
            case .integer(let seconds): Double(seconds)
            case .float(let seconds): seconds
            case .string(let text): TelegrafPlugin.seconds(text)
            default: nil
            }
        }
    }

    private static func expandable(_ text: String) -> String {
        let name = text.dropFirst()
        let isName =
            !name.isEmpty && name.first?.isNumber == false
            && name.utf8.allSatisfy {
                $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || (0x61...0x7A).contains($0)
            }
        return text.first == "$" && isName ? "${\(name)}" : text
    }

    /// The seconds of a time as Go writes it; `nil` when it is none.
    static func seconds(_ text: String) -> Double? {
        if let number = Double(text), number.isFinite, number >= 0 { return number }
        var rest = text[...]
        var sum = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !$0.isNumber && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let length = unitLengths[String(unit)] else {
                return nil
            }
            sum += number * length
        }
        return text.isEmpty ? nil : sum
    }

    private static let unitLengths: [String: Double] = [
        "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400,
        "w": 604_800,
    ]
}
