import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuySpool

struct MigrationsTests {
    @Test func `a new spool has the current version`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.close()
        let connection = try Connection(path: fixture.path, access: .read)
        #expect(try Migrations.version(connection) == Migrations.current)
    }

    @Test func `every earlier version is brought up to the current one`() async throws {
        for version in 0..<Migrations.all.count {
            let fixture = try SpoolFixture()
            let connection = try Connection(path: fixture.path, access: .write)
            for sql in Migrations.all.prefix(version) { try connection.execute(sql) }
            try connection.execute("PRAGMA user_version = \(version)")
            let spool = try await fixture.open()
            #expect(await spool.append(run(points: 1)) == .durable)
            #expect(try fixture.books().balances)
        }
    }

    @Test func `a newer spool is refused, untouched`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.close()
        do {
            let connection = try Connection(path: fixture.path, access: .write)
            try connection.execute("PRAGMA user_version = 99")
            try connection.checkpoint(.truncate)
        }
        let before = try readBytes(fixture.path)
        let error = await #expect(throws: SpoolError.self) { try await fixture.open() }
        #expect(error?.kind == .newer)
        #expect(error?.description.contains("99") == true)
        #expect(throws: SpoolError.self) { try fixture.reader() }
        #expect(try readBytes(fixture.path) == before)
    }

    @Test func `the migrations in the binary are numbered without a gap`() throws {
        let folder = ancestor(of: #filePath, levels: 3) + "/migrations"
        let names = names(inDirectory: folder).filter { $0.hasSuffix(".sql") }
        #expect(names.count == Migrations.all.count)
        for (index, name) in names.enumerated() {
            #expect(Int(name.prefix(4)) == index + 1, "\(name)")
        }
    }
}
