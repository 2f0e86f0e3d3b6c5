import PuyPuyChecks
import PuyPuySpool

@testable import PuyPuyAgent

/// A daemon that knows nothing, for tests of what asks it.
struct StubSource: WebSource {
    /// Why it refuses.
    struct Trouble: Error, CustomStringConvertible {
        var description: String { "cannot forget backend a: it is configured" }
    }

    /// What /metrics says.
    var text = ""
    /// What is wrong with it.
    var words: String?

    func metrics() -> [UInt8] { Array(text.utf8) }
    func trouble() -> String? { words }
    func status() -> String { "{}" }
    func backends() -> [BackendStatus] { [] }
    func checks() -> [CheckStatus] { [] }
    func ledger() -> String { "{}" }
    func spoolRoom() -> String { "{}" }
    func series(_ search: SeriesSearch) -> String { #"{"limit":\#(search.limit)}"# }
    func points(_ request: PointsRequest) -> String { #"{"step":\#(request.stepNs)}"# }
    func retry(_ backend: String) -> Bool { backend == "a b" }
    func reload() -> ReloadResult? {
        var result = ReloadResult()
        result.refusal = words
        return result
    }
    func forget(_ backend: String) throws -> Ledger {
        if backend == "a" { throw Trouble() }
        return Ledger(pending: 7)
    }
    func settle(
        _ action: DeadLetterAction, _ part: DeadLetterPart
    ) throws -> DeadLetterProgress {
        if part.backend == "a" { throw Trouble() }
        return DeadLetterProgress(
            letters: part.last, after: part.metric == nil ? nil : part.after + 1)
    }
    func salvage(_ file: String) throws -> String {
        if file == "/busy" { throw Trouble() }
        return #"{"job":1}"#
    }
    func salvageState() -> String? { words.map { #"{"words":"\#($0)"}"# } }
    func runPlugin(_ name: String, arguments: String) async -> NagiosPlugins.Answer? {
        if name == "busy" { return nil }
        return await NagiosPlugins(commands: ["echo": "/bin/echo configured"])
            .run(name, arguments: arguments, deadline: .seconds(10))
    }
}
