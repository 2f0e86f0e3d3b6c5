import TestSupport
import Testing

@testable import PuyPuyChecks

struct PythonFrameTests {
    @Test(arguments: 0..<50)
    func `any records come out as they went in`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters: [Character] = ["a", "\\", "\t", "\n", "é", "t", "n", " ", "\0", "🙂"]
        func word() -> String {
            String(
                (0..<Int.random(in: 0..<8, using: &random)).map { _ in
                    letters.randomElement(using: &random)!
                })
        }
        let records = (0...Int.random(in: 0..<5, using: &random)).map { _ in
            (0...Int.random(in: 0..<5, using: &random)).map { _ in word() }
        }
        let frame = PythonFrame(records)
        var bytes = (frame.bytes + PythonFrame([["next"]]).bytes)[...]
        #expect(PythonFrame.take(from: &bytes) == frame)
        #expect(PythonFrame.take(from: &bytes) == PythonFrame([["next"]]))
        #expect(bytes.isEmpty)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a flood of small frames is taken in time`() {
        var bytes = [UInt8](repeating: 0, count: 2 << 20)[...]
        var taken = 0
        while PythonFrame.take(from: &bytes) != nil { taken += 1 }
        #expect(taken == (2 << 20) / 4)
        bytes += PythonFrame([["last"]]).bytes
        #expect(PythonFrame.take(from: &bytes) == PythonFrame([["last"]]))
    }

    @Test func `a frame that is not whole yet is left alone`() {
        let whole = PythonFrame([["a", "b"]]).bytes
        for count in 0..<whole.count {
            var part = whole.prefix(count)
            #expect(PythonFrame.take(from: &part) == nil)
            #expect(part.count == count)
        }
    }
}
