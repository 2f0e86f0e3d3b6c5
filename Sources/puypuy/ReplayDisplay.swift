internal import PuyPuyAgent
internal import PuyPuySender
internal import Synchronization

/// The progress of a replay: a bar that is drawn again and again on a terminal, a line every few
/// seconds elsewhere.
struct ReplayDisplay: Sendable {
    private let replay: Replay
    private let start = ContinuousClock.now

    init(_ replay: Replay) { self.replay = replay }

    /// Seconds since the display was made.
    var elapsedSeconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// Shows the progress until the task is cancelled.
    func show() async {
        let pause = Terminal.isInteractive ? Duration.milliseconds(200) : .seconds(5)
        while (try? await Task.sleep(for: pause)) != nil {
            if Terminal.isInteractive {
                Terminal.write("\r\u{1B}[K" + line(width: Terminal.width - 1))
            } else {
                Terminal.errorText(line(width: 200))
            }
        }
    }

    /// Takes the bar away.
    func clear() {
        if Terminal.isInteractive { Terminal.write("\r\u{1B}[K") }
    }

    private func line(width: Int) -> String {
        let state = replay.progress.current
        if let trouble = replay.trouble {
            let text = "waiting, \(Readable.count(state.delivered)) points so far: \(trouble)"
            return text.count > width ? text.prefix(width - 1) + "…" : text
        }
        let total = max(1, replay.pointsToRead)
        let part = min(1, Double(state.pointsSeen) / Double(total))
        let rate = Double(state.pointsSeen) / max(0.001, elapsedSeconds)
        let left = rate > 0 ? Double(total - state.pointsSeen) / rate : 0
        let words =
            " \(Int(part * 100))%  \(Readable.count(state.delivered)) points"
            + "  \(Readable.count(Int64(rate)))/s  \(Readable.duration(seconds: max(0, left))) left"
        guard Terminal.isInteractive else { return words.trimmingBlanks }
        let room = max(5, min(30, width - words.count - 2))
        let filled = Int(Double(room) * part)
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: room - filled) + "]" + words
    }
}

extension String {
    fileprivate var trimmingBlanks: String { String(drop { $0 == " " }) }
}

/// Whether somebody cut the command short; raised from any thread.
final class Cut: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
}
