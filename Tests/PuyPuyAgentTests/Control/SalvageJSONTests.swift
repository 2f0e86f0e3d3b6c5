import PuyPuyCore
import PuyPuySpool
import Testing

@testable import PuyPuyAgent

struct SalvageJSONTests {
    @Test func `what a salvage found crosses the control socket unchanged`() throws {
        var found = Salvage()
        found.batches.number = 3
        found.batches.points = 1_000
        found.known.number = 4
        found.damaged.points = 17
        found.damaged.number = 1
        found.lostBatches = [.init(batch: 9, points: 17, reason: "the \"checksum\" differs")]
        found.pointsWithoutSeries = 5
        found.missingSeries = 2
        found.letters = 6
        found.knownLetters = 7
        found.lostLetters = 8
        found.counters = 10
        found.namesAreLost = true
        found.backends = [.init("a", assumesAll: true), .init("b")]
        found.backends[0].pending = 1
        found.backends[0].kept = 2
        found.backends[1].dead = 3
        found.backends[1].lost = 5
        let json = try #require(JSONValue(found.json.utf8))
        let read = try #require(Salvage(json))
        #expect(read.json == found.json)
        #expect(read.lostBatches.first?.reason == "the \"checksum\" differs")
        #expect(read.backends.last?.lost == 5)
        #expect(!read.isComplete)
    }

    @Test(arguments: ["{}", "[]", "1", #"{"batches":1}"#])
    func `what is no salvage is not read as one`(text: String) throws {
        #expect(Salvage(try #require(JSONValue(text.utf8))) == nil)
    }
}
