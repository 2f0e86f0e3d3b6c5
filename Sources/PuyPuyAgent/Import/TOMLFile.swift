/// A configuration file in TOML, as far as Telegraf's files use it, with the line of every key.
///
/// Tables, arrays of tables, bare and quoted keys, strings of all four kinds, integers, floats,
/// booleans, arrays and inline tables are read. Dotted keys, dates and numbers of another base than
/// ten are refused, as is everything that TOML forbids, a key or a table that stands twice included.
/// Reading stops at the first mistake: what follows one in TOML means anything. Source:
/// https://toml.io/en/v1.0.0.
struct TOMLFile: Sendable, Hashable {
    /// A value.
    indirect enum Value: Sendable, Hashable {
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        case array([Value])
        case table([Entry])
    }

    /// A key with its value.
    struct Entry: Sendable, Hashable {
        /// The key, without quotes.
        let key: String
        /// Its value.
        let value: Value
        /// The line of the key, from 1.
        let line: Int
    }

    /// A table, or an element of an array of tables.
    struct Table: Sendable, Hashable {
        /// The parts of its name; none for the keys before the first table.
        let path: [String]
        /// Whether the name stands in double brackets.
        let isElement: Bool
        /// The line of its head, from 1.
        let line: Int
        /// The keys in the order of the file, each once.
        var entries: [Entry] = []
    }

    /// Why a file cannot be read.
    struct Failure: Error, Hashable, CustomStringConvertible {
        /// The line, from 1.
        let line: Int
        /// A clause.
        let message: String

        /// `line 7: a string without its end`.
        var description: String { "line \(line): \(message)" }
    }

    /// The tables in the order of the file, the keys before the first one as a table of their own.
    /// Tables below an element stand behind it.
    private(set) var tables: [Table] = [Table(path: [], isElement: false, line: 1)]

    /// Reads the bytes of one file.
    init(bytes: [UInt8]) throws(Failure) {
        var reader = TOMLReader(bytes)
        try reader.checkText()
        while try reader.skipToContent() {
            if let head = try reader.head() {
                try add(head)
            } else {
                let entry = try reader.entry()
                if tables[tables.count - 1].entries.contains(where: { $0.key == entry.key }) {
                    throw Failure(line: entry.line, message: "\(entry.key) stands twice")
                }
                tables[tables.count - 1].entries.append(entry)
            }
            try reader.endLine()
        }
    }

    /// Adds a table. Its name may be that of an earlier one only in double brackets, or below an
    /// element that stands between the two.
    private mutating func add(_ head: Table) throws(Failure) {
        if let earlier = tables.lastIndex(where: { $0.path == head.path && !$0.path.isEmpty }) {
            let both = head.isElement && tables[earlier].isElement
            let isBelowAnother = tables[earlier...].contains { table in
                table.isElement && table.path.count < head.path.count
                    && head.path.starts(with: table.path)
            }
            if !both && !isBelowAnother {
                let name = head.path.joined(separator: ".")
                throw Failure(
                    line: head.line,
                    message: "[\(name)] stands here and in line \(tables[earlier].line)")
            }
        }
        tables.append(head)
    }
}

extension TOMLFile.Value {
    /// The text of a string.
    var string: String? { if case .string(let text) = self { text } else { nil } }
    /// A truth value.
    var boolean: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
    /// A number without a fraction.
    var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    /// The strings of an array that has no other elements.
    var strings: [String]? {
        guard case .array(let values) = self else { return nil }
        let strings = values.compactMap(\.string)
        return strings.count == values.count ? strings : nil
    }
}
