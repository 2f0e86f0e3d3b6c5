internal import PuyPuyCore

/// What is left of a spool's file, whatever of it is damaged: its rows, found page by page.
///
/// Each table of a spool has rows of a form that no other has, so that a row is known by itself: no
/// page has to lead to it, and damage costs the rows that lie on the damaged page. Batches have a
/// checksum. A series stands in its table and in the table's index, on different pages, and is taken
/// from whichever is left; where they differ, it is not taken. Rows that were deleted are left out.
///
/// Never writes, and works without SQLite. Memory: the series, and some 40 bytes for each batch and
/// dead letter. Belongs to one thread.
public final class SpoolRemains {
    /// A backend as the file knows it, with what is pending for it.
    struct Owner {
        var name: String
        var type: String
        var keepsPoints: Bool
        var createdNs: Int64
        /// In order and apart; the last one may reach to the end of all numbers.
        var pending: [ClosedRange<BatchID>] = []
        var books: Ledger?
    }

    /// A batch that is found.
    struct FoundBatch {
        let number: BatchID
        /// As its row says.
        let points: Int64
        let place: Place
    }

    /// A place of a row.
    struct Place: Hashable {
        let page: Int32
        let cell: Int32
    }

    /// The file.
    public var path: String { file.path }
    let file: PageFile
    private(set) var owners: [Int64: Owner] = [:]
    private(set) var series: [SeriesID: Series] = [:]
    /// Series of which two different names were found.
    private(set) var doubtfulSeries: Set<SeriesID> = []
    /// Batches by their numbers. One has more than one place when a page is on the disk twice.
    private(set) var batches: [FoundBatch] = []
    private(set) var letters: [(backend: Int64, place: Place)] = []
    private(set) var rates: [Place] = []
    /// By backend, whether or not its row is found.
    private var ranges: [Int64: [ClosedRange<BatchID>]] = [:]
    private var books: [Int64: Ledger] = [:]
    private var rangePages = 0
    /// The page that was read last: rows are mostly asked for in the order of pages.
    private var lastPage: (number: Int32, cells: PageCells)?

    /// Looks through the file at `path`, with its write-ahead log. `progress` is called often, from 0
    /// to 1.
    ///
    /// Throws when the file cannot be opened or is empty, was written by a newer program, is in use
    /// by another process, or has no row of a spool.
    public init(path: String, progress: (Double) -> Void = { _ in }) throws(SpoolError) {
        file = try PageFile(path: path)
        try Self.check(file)
        let free = file.freePages()
        var number = 1
        while number <= file.pageCount {
            if !free.contains(number) { note(number) }
            if number.isMultiple(of: 256) { progress(Double(number) / Double(file.pageCount)) }
            number += 1
        }
        for (index, page) in file.tornPages.enumerated() where !free.contains(page) {
            noteBatches(onTornPage: file.pageCount + 1 + index)
        }
        batches.sort { $0.number < $1.number }
        for id in doubtfulSeries { series[id] = nil }
        for id in owners.keys {
            owners[id]?.pending = Self.joined(ranges[id] ?? [])
            owners[id]?.books = books[id]
        }
        guard !(owners.isEmpty && batches.isEmpty && letters.isEmpty && series.isEmpty) else {
            throw SpoolError(
                .damaged, operation: "cannot salvage", subject: path,
                cause: file.hasHeader
                    ? "nothing in it is of a spool"
                    : "it is no SQLite database, or nothing of it is left",
                hint: "check the path; the file is as it was")
        }
    }

    /// Throws when the file is newer than this program, or in use.
    static func check(_ file: PageFile) throws(SpoolError) {
        if let version = file.schemaVersion, version > Migrations.current {
            throw SpoolError(
                .newer, operation: "cannot salvage", subject: file.path,
                cause: "its schema version is \(version), this program knows"
                    + " \(Migrations.current)",
                hint: "run the PuyPuy release that wrote it, or a later one")
        }
        try SpoolLock.checkNobodyHolds(spoolAt: file.path)
    }

    /// What is pending for the backend `id`; `nil` when that is lost, as the books show.
    func pendingRanges(of id: Int64) -> [ClosedRange<BatchID>]? {
        guard let owner = owners[id] else { return nil }
        guard let books = owner.books else { return owner.pending.isEmpty ? nil : owner.pending }
        if owner.pending.isEmpty { return books.pending > 0 ? nil : [] }
        // Of ranges on one page all are there, or none.
        return rangePages > 1 && books.pending > points(in: owner.pending) ? nil : owner.pending
    }

    /// What is pending for backends whose names are lost: no ranges when those are lost as well,
    /// `nil` when no name is lost.
    var rangesOfUnnamed: [ClosedRange<BatchID>]? {
        let unnamed = ranges.filter { owners[$0.key] == nil }.flatMap(\.value)
        return unnamed.isEmpty && !owners.isEmpty ? nil : Self.joined(unnamed)
    }

    /// The sum over the batches in `ranges`, as their rows say.
    private func points(in ranges: [ClosedRange<BatchID>]) -> Int64 {
        var sum: Int64 = 0
        var next = 0
        var last: BatchID = 0
        for batch in batches where batch.number != last {
            while next < ranges.count, ranges[next].upperBound < batch.number { next += 1 }
            guard next < ranges.count else { break }
            if ranges[next].contains(batch.number) { sum += max(0, min(batch.points, 1 << 20)) }
            last = batch.number
        }
        return sum
    }

    /// The batch at `place`.
    func batch(at place: Place) -> StoredBatch? {
        row(at: place).flatMap(StoredBatch.init)
    }

    /// The dead letter at `place`.
    func letter(at place: Place) -> StoredLetter? {
        row(at: place).flatMap(StoredLetter.init)
    }

    /// The reading at `place`, with its key.
    func rate(at place: Place) -> RateChange? { row(at: place).flatMap(Self.rate) }

    private func row(at place: Place) -> StoredRow? {
        if lastPage?.number != place.page {
            lastPage = (place.page, PageCells(Int(place.page), of: file))
        }
        return lastPage!.cells.row(Int(place.cell))
    }

    private func note(_ page: Int) {
        let cells = PageCells(page, of: file)
        let rangesBefore = ranges.values.reduce(0) { $0 + $1.count }
        for index in 0..<cells.count {
            guard let row = cells.row(index) else { continue }
            note(row, Place(page: Int32(page), cell: Int32(index)))
        }
        if ranges.values.reduce(0, { $0 + $1.count }) > rangesBefore { rangePages += 1 }
    }

    /// Of a page whose own checksum does not hold only batches count whose checksum does. Where such a
    /// row begins is tried out.
    private func noteBatches(onTornPage page: Int) {
        let cells = PageCells(page, of: file)
        for index in 0..<cells.count {
            guard let batch = cells.row(index).flatMap(StoredBatch.init),
                case .success = batch.decoded()
            else { continue }
            batches.append(
                FoundBatch(
                    number: batch.number, points: batch.points,
                    place: Place(page: Int32(page), cell: Int32(index))))
        }
    }

    private func note(_ row: StoredRow, _ place: Place) {
        if row.number != nil {
            if let batch = StoredBatch(row) {
                batches.append(
                    FoundBatch(number: batch.number, points: batch.points, place: place))
            } else if let letter = StoredLetter(row) {
                letters.append((letter.backend, place))
            } else if let fields = row.tableFields(4), fields[3].integer != nil {
                note(series: row.number!, metric: fields[1].text, tags: fields[2].text)
            } else if let fields = row.tableFields(5) {
                noteOwner(row.number!, fields)
            } else if let fields = row.tableFields(6) {
                noteBooks(row.number!, fields)
            }
        } else if let fields = row.indexFields(3) {
            if let backend = fields[0].integer, let first = fields[1].integer {
                noteRange(backend, first, fields[2])
            } else if let id = fields[2].integer {
                note(series: id, metric: fields[0].text, tags: fields[1].text)
            }
        } else if Self.rate(row) != nil {
            rates.append(place)
        }
    }

    private func note(series id: SeriesID, metric: String?, tags text: String?) {
        guard id > 0, let metric, !metric.isEmpty, let text, let tags = Tags(text),
            tags.description == text
        else { return }
        let found = Series(metric: metric, tags: tags)
        if let known = series[id], known != found { doubtfulSeries.insert(id) }
        series[id] = found
    }

    private func noteOwner(_ id: Int64, _ fields: [StoredRow.Field]) {
        guard let name = fields[1].text, !name.isEmpty, let type = fields[2].text,
            let keeps = fields[3].integer, keeps == 0 || keeps == 1,
            let created = fields[4].integer
        else { return }
        owners[id] = Owner(name: name, type: type, keepsPoints: keeps == 1, createdNs: created)
    }

    private func noteBooks(_ id: Int64, _ fields: [StoredRow.Field]) {
        let sums = fields.dropFirst().compactMap(\.integer)
        guard sums.count == 5, sums.allSatisfy({ (0...(1 << 60)).contains($0) }) else { return }
        let books = Ledger(
            collected: sums[0], delivered: sums[1], pending: sums[2], dead: sums[3],
            expired: sums[4])
        if books.balances { self.books[id] = books }
    }

    private func noteRange(_ backend: Int64, _ first: BatchID, _ end: StoredRow.Field) {
        let last = end.isNull ? BatchID.max - 1 : end.integer
        guard first > 0, let last, last >= first, last < .max else { return }
        ranges[backend, default: []].append(first...last)
    }

    private static func rate(_ row: StoredRow) -> RateChange? {
        guard let fields = row.indexFields(5), let key = fields[0].text,
            let value = fields[1].value, let wall = fields[2].integer,
            let boot = fields[3].integer, let bootID = fields[4].text
        else { return nil }
        return RateChange(
            key: key,
            state: RateState(
                value: value, moment: Moment(wallNs: wall, bootNs: boot, bootID: bootID)))
    }

    /// `ranges` in order, with those that overlap or touch made one.
    private static func joined(_ ranges: [ClosedRange<BatchID>]) -> [ClosedRange<BatchID>] {
        var joined: [ClosedRange<BatchID>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound + 1 {
                joined[joined.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }
}
