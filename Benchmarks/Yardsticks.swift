import CSQLite
import Glibc

/// What the machine does at best: how fast memory is copied, how fast a disk confirms a write.
enum Yardsticks {
    /// memcpy(3) of 64 MiB.
    static func copying() -> Figure {
        let size = 64 << 20
        let from = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        let to = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        defer {
            from.deallocate()
            to.deallocate()
        }
        memset(from, 1, size)
        memset(to, 2, size)
        let elapsed = medianCPUSeconds { memcpy(to, from, size) }
        return Figure("yardstick: memory copied", Double(size) / elapsed / 1e9, "GB/s")
    }

    /// fdatasync(2) after 4 KiB appended to a file.
    static func syncing(in folder: ScratchFolder) throws -> Figure {
        let descriptor = open("\(folder.path)/yardstick", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ScratchFolder.Failure(folder.path, errno) }
        defer { close(descriptor) }
        let page = [UInt8](repeating: 7, count: 4096)
        let rounds = 100
        let elapsed = medianSeconds {
            for _ in 0..<rounds {
                _ = write(descriptor, page, page.count)
                fdatasync(descriptor)
            }
        }
        return Figure("yardstick: 4 KiB written and synced", elapsed / Double(rounds) * 1000, "ms")
    }

    /// Points a second as rows of SQLite: one row a point in a table of series, time and value, in
    /// transactions of 10,000, synced, as a program in C would write them.
    static func rows(in folder: ScratchFolder, round: Int) throws -> Double {
        var database: OpaquePointer?
        guard sqlite3_open("\(folder.path)/rows-\(round).db", &database) == SQLITE_OK else {
            throw ScratchFolder.Failure(folder.path, EIO)
        }
        defer { sqlite3_close(database) }
        func run(_ sql: String) {
            precondition(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK)
        }
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("CREATE TABLE point (series INTEGER, time_ns INTEGER, value REAL)")
        var statement: OpaquePointer?
        sqlite3_prepare_v2(database, "INSERT INTO point VALUES (?1, ?2, ?3)", -1, &statement, nil)
        defer { sqlite3_finalize(statement) }
        let transactions = 20
        let pointsEach = 10_000
        let elapsed = ContinuousClock().measure {
            for transaction in 0..<transactions {
                run("BEGIN")
                for row in 0..<pointsEach {
                    sqlite3_bind_int64(statement, 1, Int64(row % 1_000))
                    sqlite3_bind_int64(statement, 2, 1_763_900_000_000_000_000 + Int64(transaction))
                    sqlite3_bind_double(statement, 3, Double(row % 10_007) / 100)
                    precondition(sqlite3_step(statement) == SQLITE_DONE)
                    sqlite3_reset(statement)
                }
                run("COMMIT")
            }
        }
        return Double(transactions * pointsEach) / seconds(elapsed)
    }
}
