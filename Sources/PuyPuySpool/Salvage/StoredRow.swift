internal import PuyPuyCore

/// A row as it lies on a page: the number of a row of a table, and the fields.
struct StoredRow {
    /// A field of a row.
    enum Field {
        case null
        case integer(Int64)
        case real(Double)
        case text(String)
        case blob([UInt8])

        var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
        var text: String? { if case .text(let value) = self { value } else { nil } }
        var isNull: Bool { if case .null = self { true } else { false } }

        /// A finite number.
        var value: Value? {
            switch self {
            case .integer(let integer): .integer(integer)
            case .real(let double): Value(double)
            default: nil
            }
        }
    }

    /// `nil` for a row of an index, or of a table without row numbers.
    let number: Int64?
    let fields: [Field]

    /// The fields when there are `count` of them and the row is one of a table; the first of them
    /// repeats the row's number, and is NULL.
    func tableFields(_ count: Int) -> [Field]? {
        guard number != nil, fields.count == count, fields[0].isNull else { return nil }
        return fields
    }

    /// The fields when there are `count` of them and the row is one of an index.
    func indexFields(_ count: Int) -> [Field]? {
        number == nil && fields.count == count ? fields : nil
    }
}

/// The cells of one page: where its rows begin.
struct PageCells {
    /// A row longer than this is none: the longest batch takes some 300 KB.
    private static let rowBytes = 32 << 20

    private let file: PageFile
    private let bytes: [UInt8]
    private let starts: [Int]
    private let isTable: Bool
    private let hasChildren: Bool
    /// Whether the page is a damaged one of the log.
    private let isTorn: Bool

    /// The cells of page `number`; none when it has no rows. On a damaged page of the log the list of the
    /// cells may be damaged, too: there each byte may begin a batch.
    init(_ number: Int, of file: PageFile) {
        self.file = file
        bytes = file.page(number)
        isTorn = number > file.pageCount
        if isTorn {
            (isTable, hasChildren) = (true, false)
            starts = Array(bytes.indices)
            return
        }
        let head = number == 1 ? 100 : 0
        let kind = bytes[head]
        isTable = kind == 0x0D
        // The inner pages of an index have rows of their own.
        hasChildren = kind == 0x02
        guard isTable || kind == 0x0A || hasChildren else {
            starts = []
            return
        }
        let count = bytes.bigEndian16(head + 3)
        let pointers = head + (hasChildren ? 12 : 8)
        let end = pointers + 2 * count
        guard end <= bytes.count else {
            starts = []
            return
        }
        starts = (0..<count).map { [bytes] in bytes.bigEndian16(pointers + 2 * $0) }
    }

    /// How many there are.
    var count: Int { starts.count }

    /// The row of cell `index`; `nil` when its bytes are none. Of a row whose further pages are lost
    /// the missing bytes are zero.
    func row(_ index: Int) -> StoredRow? {
        var cursor = starts[index] + (hasChildren ? 4 : 0)
        guard let length = varint(bytes, &cursor), length > 0, length <= Self.rowBytes else {
            return nil
        }
        var number: Int64?
        if isTable {
            guard let stored = varint(bytes, &cursor) else { return nil }
            number = stored
        }
        if isTorn && !beginsBatch(at: cursor) { return nil }
        guard let record = assemble(Int(length), from: cursor) else { return nil }
        return fields(of: record).map { StoredRow(number: number, fields: $0) }
    }

    /// Whether the record at `start` begins as that of a batch: with the length of the types of seven fields,
    /// of which the first is NULL.
    private func beginsBatch(at start: Int) -> Bool {
        start + 1 < bytes.count && (8...16).contains(bytes[start]) && bytes[start + 1] == 0
    }

    /// The bytes of a row: those on this page and those on the pages chained to it. How many are on
    /// this page: https://www.sqlite.org/fileformat2.html#b_tree_pages.
    private func assemble(_ length: Int, from start: Int) -> [UInt8]? {
        let most = isTable ? bytes.count - 35 : (bytes.count - 12) * 64 / 255 - 23
        if length <= most {
            return start + length <= bytes.count ? Array(bytes[start..<(start + length)]) : nil
        }
        let least = (bytes.count - 12) * 32 / 255 - 23
        let fitting = least + (length - least) % (bytes.count - 4)
        let local = fitting <= most ? fitting : least
        guard start + local + 4 <= bytes.count else { return nil }
        var record = Array(bytes[start..<(start + local)])
        record.reserveCapacity(length)
        var next = bytes.bigEndian32(start + local)
        while record.count < length, next > 1, next <= file.pageCount {
            let page = file.page(next)
            record += page[4..<min(page.count, 4 + length - record.count)]
            next = page.bigEndian32(0)
        }
        record += [UInt8](repeating: 0, count: length - record.count)
        return record
    }

    private func fields(of record: [UInt8]) -> [StoredRow.Field]? {
        var cursor = 0
        guard let headEnd = varint(record, &cursor), headEnd > 0, headEnd <= record.count,
            headEnd < 100
        else { return nil }
        var body = Int(headEnd)
        var fields: [StoredRow.Field] = []
        while cursor < Int(headEnd) {
            guard let kind = varint(record, &cursor), kind >= 0,
                let field = PageCells.field(kind, in: record, &body)
            else { return nil }
            fields.append(field)
        }
        return cursor == Int(headEnd) && body == record.count ? fields : nil
    }

    private static func field(
        _ kind: Int64, in record: [UInt8], _ cursor: inout Int
    ) -> StoredRow.Field? {
        let sizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]
        let size = kind < 10 ? sizes[Int(kind)] : Int(clamping: (kind - 12) / 2)
        guard kind != 10, kind != 11, size <= record.count - cursor else { return nil }
        let bytes = record[cursor..<(cursor + size)]
        cursor += size
        switch kind {
        case 0: return .null
        case 8, 9: return .integer(kind - 8)
        case 1...7:
            var number: Int64 = Int8(bitPattern: bytes.first!) < 0 ? -1 : 0
            for byte in bytes { number = number << 8 | Int64(byte) }
            return kind == 7
                ? .real(Double(bitPattern: UInt64(bitPattern: number))) : .integer(number)
        default:
            if kind.isMultiple(of: 2) { return .blob(Array(bytes)) }
            return String(validating: bytes, as: UTF8.self).map { .text($0) }
        }
    }
}

/// SQLite's varint at `cursor`: up to nine bytes, the highest first. `nil` when the bytes end before.
private func varint(_ bytes: [UInt8], _ cursor: inout Int) -> Int64? {
    var value: UInt64 = 0
    for index in 0..<9 {
        guard cursor < bytes.count else { return nil }
        let byte = bytes[cursor]
        cursor += 1
        if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
        value = value << 7 | UInt64(byte & 0x7F)
        if byte < 0x80 { return Int64(value) }
    }
    return nil
}
