import PuyPuyCore
import TestSupport

@testable import PuyPuyChecks

/// A moment so many seconds after the epoch, and after the boot.
func moment(_ seconds: Double) -> Moment {
    Moment(wallNs: Int64(seconds * 1e9), bootNs: Int64(seconds * 1e9), bootID: "boot")
}

/// An empty sample of `check` at `seconds`, with the readings of `previous`.
func sample(of check: String, at seconds: Double = 100, after previous: Sample? = nil) -> Sample {
    Sample(
        check: check, timestampNs: Int64(seconds * 1e9), moment: moment(seconds),
        baseTags: ["host": "h"], rates: previous?.rates ?? RateTable())
}

extension Sample {
    /// The value of the only point of `metric` with these tags; `nil` when there is none.
    func value(_ metric: String, _ tags: [String: String] = [:]) -> Value? {
        let found = points.filter { point in
            point.series.metric == metric
                && tags.allSatisfy { point.series.tags[$0.key] == $0.value }
        }
        precondition(found.count < 2, "\(metric) is there \(found.count) times")
        return found.first?.value
    }

    /// The names of the metrics, each once.
    var metrics: Set<String> { Set(points.map(\.series.metric)) }

    /// The different values of a tag.
    func tagValues(_ tag: String, of metric: String) -> Set<String> {
        Set(points.filter { $0.series.metric == metric }.compactMap { $0.series.tags[tag] })
    }
}

extension [Point] {
    func value(_ metric: String) -> Value? { first { $0.series.metric == metric }?.value }
}

/// The lines of a file of this machine, read with nothing of the module's.
func lines(ofLive path: String) -> [String] {
    readText(path).split(separator: "\n").map(String.init)
}

/// The words of a line.
func words(_ line: String) -> [String] {
    line.split(whereSeparator: \.isWhitespace).map(String.init)
}

/// The bytes of a text.
func bytes(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
