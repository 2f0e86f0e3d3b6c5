import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuySpool

/// Fault 5, damage: nothing crashes, and nothing readable is thrown away. The whole campaign tries every
/// page in every way.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct DamageCampaignTests {
    /// The sums over many cases.
    private struct Tally {
        let fault: String
        var cases = 0
        var movedAside = 0
        var lost = 0
        var doubled = 0
        var worst = 0

        mutating func add(_ outcome: DamageCampaign.Outcome) {
            cases += 1
            movedAside += outcome.wasMovedAside ? 1 : 0
            lost += outcome.lostReadable
            doubled += outcome.doubled
            worst = max(worst, outcome.lostDamaged + outcome.lostReadable)
        }

        func report(_ campaign: DamageCampaign) {
            var result = FaultResult(fault, extent: "\(cases) times")
            result.collected = campaign.source.points().count
            result.lost = lost
            result.doubled = doubled
            result.fileBytes = campaign.file.count
            result.remark = """
                moved aside and salvaged \(movedAside) times; at worst\
                 \(worst) points lay on the damaged bytes
                """
            FaultReport.record(result)
        }
    }

    private func expectHarmless(_ outcome: DamageCampaign.Outcome, _ fault: String) {
        #expect(outcome.lostReadable == 0, "\(fault)")
        #expect(outcome.invented == 0, "\(fault)")
        #expect(outcome.doubled == 0, "\(fault)")
        #expect(outcome.problems.isEmpty, "\(fault): \(outcome.problems)")
    }

    @Test(arguments: DamageCampaign.Overwriting.allCases)
    func `a damaged page costs at most the batches that lie on it`(
        how: DamageCampaign.Overwriting
    ) async throws {
        let campaign = try await DamageCampaign()
        var tally = Tally(fault: "page overwritten with \(how.rawValue)")
        let kind = DamageCampaign.Overwriting.allCases.firstIndex(of: how)!
        // The short form tries every ninth page in each way, so every third in some way.
        let step = FaultScale.pick(short: 9, full: 1)
        for page in stride(from: step == 1 ? 0 : 3 * kind, to: campaign.pageCount, by: step) {
            let outcome = try await campaign.run(
                file: campaign.file(damaging: page, how, seed: 11),
                excused: campaign.batches(on: page))
            expectHarmless(outcome, "page \(page + 1), \(how.rawValue)")
            tally.add(outcome)
        }
        tally.report(campaign)
        #expect(tally.cases > 0)
    }

    @Test func `a file that is cut off keeps what is before the cut`() async throws {
        let campaign = try await DamageCampaign()
        var tally = Tally(fault: "file truncated")
        let places = FaultScale.pick(short: 3, full: 50)
        for place in 0..<places {
            // Not at the edge of a page.
            let length = campaign.pageCount * 4096 * place / places + place * 37 % 4096
            let file = Array(campaign.file[..<length])
            let outcome = try await campaign.run(
                file: file, excused: campaign.batchesMissing(in: [file]))
            expectHarmless(outcome, "cut at \(length)")
            tally.add(outcome)
        }
        tally.report(campaign)
    }

    @Test func `a log that is cut off keeps the commits before the cut`() async throws {
        let campaign = try await DamageCampaign(isKilled: true)
        var tally = Tally(fault: "-wal truncated or deleted")
        let places = FaultScale.pick(short: 2, full: 20)
        for place in 0..<places {
            let length = campaign.usedLogBytes * place / places + place * 1_337
            let log = Array(campaign.log[..<length])
            let outcome = try await campaign.run(
                file: campaign.file, log: place == 0 ? nil : log,
                excused: campaign.batchesMissing(in: [campaign.file, log]))
            expectHarmless(outcome, "log cut at \(length)")
            tally.add(outcome)
        }
        tally.report(campaign)
    }

    @Test func `garbage in the log costs what was under it, not what was committed behind it`()
        async throws
    {
        let campaign = try await DamageCampaign(isKilled: true)
        var tally = Tally(fault: "4 KiB of garbage in -wal")
        var random = SeededGenerator(seed: 5)
        let places = FaultScale.pick(short: 2, full: 20)
        for place in 0..<places {
            var log = campaign.log
            // The first one takes the header of the log.
            let start = (campaign.usedLogBytes - 4096) * place / places
            for index in start..<(start + 4096) {
                log[index] = UInt8.random(in: 0...255, using: &random)
            }
            let outcome = try await campaign.run(
                file: campaign.file, log: log,
                excused: campaign.batchesMissing(in: [campaign.file, log]))
            #expect(outcome.wasMovedAside)
            expectHarmless(outcome, "garbage at \(start)")
            tally.add(outcome)
        }
        tally.report(campaign)
    }

    @Test func `garbage in the index of the log costs nothing`() async throws {
        let campaign = try await DamageCampaign(isKilled: true)
        var tally = Tally(fault: "-shm is garbage")
        var random = SeededGenerator(seed: 6)
        let index = (0..<32_768).map { _ in UInt8.random(in: 0...255, using: &random) }
        let outcome = try await campaign.run(
            file: campaign.file, log: campaign.log, index: index, excused: [])
        #expect(!outcome.wasMovedAside)
        expectHarmless(outcome, "garbage")
        tally.add(outcome)
        tally.report(campaign)
    }
}
