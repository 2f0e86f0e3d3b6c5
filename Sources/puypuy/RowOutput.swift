internal import PuyPuyCore
internal import PuyPuySpool

/// Rows of a query on their way to standard output: CSV and JSON as they come, a table at the end.
struct RowOutput {
    /// So many bytes are written at a time.
    private static let bytesAtATime = 64 << 10
    /// A table shows so much of a text: it is held in memory.
    private static let charactersInTable = 500

    private let format: QueryCommand.Format
    private let columns: [String]
    private var rows: [[String]] = []
    private var areNumbers: [Bool]
    private var waiting = ""

    /// An output of rows with these columns. Throws when the format cannot tell them apart.
    init(_ format: QueryCommand.Format, columns: [String]) throws {
        self.format = format
        self.columns = columns
        areNumbers = columns.map { _ in true }
        switch format {
        case .csv: waiting = CSVText.record(columns)
        case .json:
            var seen: Set<String> = []
            for name in columns where !seen.insert(name).inserted {
                throw Failure.misused(
                    "two columns are called \(name), which JSON cannot tell apart: name one of them"
                        + " with AS")
            }
        case .table: break
        }
    }

    /// Adds a row.
    mutating func add(_ row: [QueryValue]) {
        switch format {
        case .csv: waiting += CSVText.record(row.map(\.text))
        case .json: waiting += JSONText.object(Array(zip(columns, row.map(\.json)))) + "\n"
        case .table:
            for (column, value) in row.enumerated() where !value.isNumber {
                areNumbers[column] = false
            }
            rows.append(row.map { String($0.text.prefix(Self.charactersInTable)) })
        }
        if waiting.utf8.count >= Self.bytesAtATime { flush() }
    }

    /// Writes what is left.
    mutating func finish() {
        if format == .table && !rows.isEmpty {
            var table = Table(
                zip(columns, areNumbers).map { (title: $0, alignment: $1 ? .right : .left) })
            for row in rows { table.add(row) }
            waiting = table.text(width: Terminal.width)
        }
        flush()
    }

    private mutating func flush() {
        Terminal.write(waiting)
        waiting = ""
    }
}

extension QueryValue {
    /// NULL is empty.
    fileprivate var text: String {
        switch self {
        case .null: ""
        case .integer(let integer): "\(integer)"
        case .real(let double): "\(double)"
        case .text(let text): text
        case .blob(let bytes): Self.hexadecimal(bytes)
        }
    }

    /// JSON has no infinities.
    fileprivate var json: String {
        switch self {
        case .null: "null"
        case .integer(let integer): "\(integer)"
        case .real(let double): double.isFinite ? "\(double)" : "null"
        case .text(let text): JSONText.string(text)
        case .blob(let bytes): JSONText.string(Self.hexadecimal(bytes))
        }
    }

    /// Whether a column of it stands to the right.
    fileprivate var isNumber: Bool {
        switch self {
        case .null, .integer, .real: true
        case .text, .blob: false
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}
