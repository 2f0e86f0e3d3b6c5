import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct DoubtfulSamplesTests {
    static func request(_ timesMs: Int64...) -> WriteRequest {
        var request = WriteRequest()
        request.timesMs = timesMs
        request.series = [(id: 1, end: timesMs.count)]
        return request
    }

    @Test func `a refusal proves the request that goes on behind the sample, and no later one`() {
        var doubts = DoubtfulSamples()
        doubts.note(Self.request(10, 20, 30))
        doubts.note(Self.request(10, 20))
        let (resolved, unknown) = (
            doubts.resolve(1, outOfOrderMs: 10), doubts.resolve(1, outOfOrderMs: 15)
        )
        #expect(resolved)
        #expect(!unknown)
        #expect(doubts.isStored(1, 10))
        #expect(doubts.isStored(1, 20))
        #expect(!doubts.isStored(1, 30), "the request that went on to 30 may not be stored")
        #expect(!doubts.isStored(1, 15), "nobody sent it")
        #expect(!doubts.isStored(2, 10))
    }

    @Test func `what is stored is no doubt any more`() {
        var doubts = DoubtfulSamples()
        doubts.note(Self.request(10, 20, 30))
        doubts.settle(Self.request(10, 20))
        #expect(doubts.count == 1)
        #expect(!doubts.contains(1, 20))
        #expect(doubts.contains(1, 30))
        doubts.settle(Self.request(30))
        #expect(doubts.count == 0)
    }

    @Test func `memory is bounded`() {
        var doubts = DoubtfulSamples()
        var request = WriteRequest()
        request.timesMs = Array(0..<600_000)
        request.series = [(id: 1, end: 600_000)]
        doubts.note(request)
        request.timesMs = Array(600_000..<1_200_000)
        doubts.note(request)
        #expect(doubts.count == 600_000)
        #expect(doubts.contains(1, 600_000))
    }
}
