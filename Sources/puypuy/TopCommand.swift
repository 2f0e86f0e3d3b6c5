internal import ArgumentParser
internal import Glibc
internal import PuyPuyAgent

/// `puypuy top`
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch the daemon, its checks and its backends; q quits.",
        discussion: """
            The rates are those between two looks. Checks that failed come first, then those that
            take longest. Space looks at once.

            EXAMPLES:
              puypuy top
              puypuy top --interval 10
            """)

    @Option(help: ArgumentHelp("How often it looks.", valueName: "seconds"))
    var interval: Double = 2

    @OptionGroup var configurationOption: ConfigurationOption

    func validate() throws {
        guard interval >= 0.2, interval <= 3600 else {
            throw ValidationError("--interval takes seconds, from 0.2 to 3600")
        }
    }

    func run() throws {
        let settings = try configurationOption.loadReadable()
        var status = try Self.look(settings)
        guard let terminal = LiveTerminal() else {
            throw Failure.misused("top needs a terminal; without one see puypuy status")
        }
        var before: HostStatus?
        var next = ContinuousClock.now + .seconds(interval)
        while true {
            let (columns, rows) = terminal.size
            terminal.draw(
                TopScreen(status, since: before, interval: interval)
                    .lines(columns: columns, rows: rows))
            let wait = max(ContinuousClock.now.duration(to: next) / .milliseconds(1), 0)
            switch terminal.event(withinMilliseconds: Int(wait)) {
            case .key(UInt8(ascii: "q")), .key(UInt8(ascii: "Q")): return
            case .key(UInt8(ascii: " ")): break
            case .key, .redraw: continue
            case .end(let signal): throw ExitCode(128 + signal)
            case .timeout: break
            }
            before = status
            status = try Self.look(settings)
            next = ContinuousClock.now + .seconds(interval)
        }
    }

    private static func look(_ settings: Settings) throws -> HostStatus {
        do {
            return try HostStatus(settings)
        } catch {
            throw Failure.failed("\(error)")
        }
    }
}
