internal import Glibc

/// The pages of a spool's file as they lie on the disk, with those of its write-ahead log over them.
///
/// Read without SQLite, which gives up a whole table where one page of it is damaged. The layout is
/// that of https://www.sqlite.org/fileformat2.html. Reads only, one page at a time; the file may be of
/// any size.
final class PageFile {
    /// What begins every file of SQLite.
    static let magic = Array("SQLite format 3\0".utf8)

    let path: String
    /// Bytes of a page.
    let pageBytes: Int
    /// Pages in all; the first has the number 1.
    let pageCount: Int
    /// Whether the first page is that of an SQLite file.
    let hasHeader: Bool
    /// The number of the last migration; `nil` when the first page is damaged.
    let schemaVersion: Int64?
    private let descriptor: CInt
    private let log: LogPages?
    private let firstPage: [UInt8]

    /// Opens the file at `path`. Throws when there is none, or none that can be read.
    init(path: String) throws(SpoolError) {
        func failure(_ cause: String, _ hint: String? = nil) -> SpoolError {
            SpoolError(operation: "cannot read", subject: path, cause: cause, hint: hint)
        }
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw failure(systemWords(errno), "check the path") }
        var status = stat()
        fstat(opened, &status)
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw failure(
                status.st_mode & S_IFMT == S_IFDIR ? "it is a directory" : "it is no file",
                "name the spool's file, such as spool.db.damaged-1763900000")
        }
        let size = Int(status.st_size)
        var first = [UInt8](repeating: 0, count: 100)
        PageFile.read(opened, &first, at: 0)
        let ownPageBytes = PageFile.pageBytes(inHeader: first)
        log = LogPages(path: path + "-wal", expectedPageBytes: ownPageBytes)
        guard size > 0 || log != nil else {
            close(opened)
            throw failure("it is empty", "there is nothing to take out of it")
        }
        let pageBytes = ownPageBytes ?? log?.pageBytes ?? 4096
        var page = [UInt8](repeating: 0, count: pageBytes)
        if let offset = log?.offset(ofPage: 1) {
            log?.read(&page, at: offset)
        } else {
            PageFile.read(opened, &page, at: 0)
        }
        descriptor = opened
        self.path = path
        self.pageBytes = pageBytes
        firstPage = page
        hasHeader = PageFile.pageBytes(inHeader: page) == pageBytes
        schemaVersion = hasHeader ? Int64(page.bigEndian32(60)) : nil
        pageCount = log?.pageCount ?? (size + pageBytes - 1) / pageBytes
    }

    deinit { close(descriptor) }

    /// The pages of which the log has a later version than ``page(_:)`` gives, and a damaged one; 0 where
    /// the number is damaged as well. That is given as a page of its own: the first behind the last one of
    /// the file, and so on.
    var tornPages: [Int] { log?.torn.map(\.page) ?? [] }

    /// The bytes of page `number`; what lies behind the end of the file is zero.
    func page(_ number: Int) -> [UInt8] {
        if number == 1 { return firstPage }
        var page = [UInt8](repeating: 0, count: pageBytes)
        if let log, log.torn.indices.contains(number - pageCount - 1) {
            log.read(&page, at: log.torn[number - pageCount - 1].offset)
        } else if let log, let offset = log.offset(ofPage: number) {
            log.read(&page, at: offset)
        } else {
            PageFile.read(descriptor, &page, at: (number - 1) * pageBytes)
        }
        return page
    }

    /// The pages that hold nothing, as the list of free pages says, or, where that is damaged, the
    /// pages that say what each page is for. Rows that were deleted may still be on them.
    func freePages() -> Set<Int> { listedFreePages() ?? mappedFreePages() }

    /// The list of free pages, when it is whole.
    private func listedFreePages() -> Set<Int>? {
        guard hasHeader else { return nil }
        let count = firstPage.bigEndian32(36)
        var free: Set<Int> = []
        var trunk = firstPage.bigEndian32(32)
        while trunk != 0 {
            guard trunk <= pageCount, free.count < count, free.insert(trunk).inserted else {
                return nil
            }
            let page = page(trunk)
            let leaves = page.bigEndian32(4)
            guard leaves <= pageBytes / 4 - 2 else { return nil }
            for leaf in 0..<leaves { free.insert(page.bigEndian32(8 + 4 * leaf)) }
            trunk = page.bigEndian32(0)
        }
        return free.count == count ? free : nil
    }

    /// What the pointer map, which the spool keeps for giving pages back, calls free.
    private func mappedFreePages() -> Set<Int> {
        var free: Set<Int> = []
        let entries = pageBytes / 5
        for map in stride(from: 2, through: pageCount, by: entries + 1) {
            let page = page(map)
            let kinds = (0..<min(entries, max(0, pageCount - map))).map { page[5 * $0] }
            // A damaged map says nothing: then deleted rows are read once more, which is harmless.
            guard kinds.allSatisfy({ (1...5).contains($0) }) else { continue }
            for (index, kind) in kinds.enumerated() where kind == 2 { free.insert(map + 1 + index) }
        }
        return free
    }

    /// The size of a page that a header tells; `nil` when it is none.
    private static func pageBytes(inHeader bytes: [UInt8]) -> Int? {
        guard bytes.starts(with: magic) else { return nil }
        let told = Int(bytes[16]) << 8 | Int(bytes[17])
        let size = told == 1 ? 65_536 : told
        return size >= 512 && size.nonzeroBitCount == 1 && bytes[20] == 0 ? size : nil
    }

    static func read(_ descriptor: CInt, _ bytes: inout [UInt8], at offset: Int) {
        var done = 0
        bytes.withUnsafeMutableBytes { buffer in
            while done < buffer.count {
                let count = pread(
                    descriptor, buffer.baseAddress! + done, buffer.count - done,
                    off_t(offset + done))
                if count < 0 && errno == EINTR { continue }
                // An unreadable sector is as damaged as one that was overwritten.
                if count <= 0 { return }
                done += count
            }
        }
    }
}

extension [UInt8] {
    /// The unsigned number in the four bytes at `offset`.
    func bigEndian32(_ offset: Int) -> Int {
        Int(self[offset]) << 24 | Int(self[offset + 1]) << 16 | Int(self[offset + 2]) << 8
            | Int(self[offset + 3])
    }

    /// The unsigned number in the two bytes at `offset`.
    func bigEndian16(_ offset: Int) -> Int { Int(self[offset]) << 8 | Int(self[offset + 1]) }
}
