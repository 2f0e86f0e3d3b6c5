internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyCore

/// `puypuy once`
struct OnceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "once",
        abstract: "Run every enabled check once and print the points.",
        discussion: """
            With --send the points also go into the spool and, with everything else that is pending,
            to the backends. That needs the spool for itself: not while the daemon runs.

            EXAMPLES:
              puypuy once
              puypuy once --again 5
              puypuy once --send
            """)

    @Flag(help: "Also store the points and send what is pending.")
    var send = false

    @OptionGroup var again: AgainOption

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        let settings = try configurationOption.load()
        let log = configurationOption.startLog(settings)
        let shot: OneShot
        do {
            shot = try OneShot(settings, sends: send)
        } catch {
            throw Failure.failed("\(error)")
        }
        let (set, runs) = try await shot.collect(twiceWithPause: again.pause)
        log.flush()
        for problem in set.problems { Terminal.error(problem) }
        var failure: (any Error)?
        do {
            try RunReport.print(runs, hintsAtRates: again.pause == nil)
        } catch {
            failure = error
        }
        if send { try await sendAll(runs, shot, settings) }
        if let failure { throw failure }
    }

    private func sendAll(_ runs: [Run], _ shot: OneShot, _ settings: Settings) async throws {
        let results: [OneShot.Delivered]
        do {
            results = try await shot.send(runs, patience: settings.shutdownTime)
        } catch {
            throw Failure.failed("\(error)")
        }
        var waits = false
        for result in results {
            var line = "\(result.backend): \(result.delivered) points delivered"
            if result.dead > 0 { line += ", \(result.dead) refused for good" }
            if let trouble = result.trouble {
                line += "; the rest waits in the spool: \(trouble)"
                waits = true
            }
            Terminal.errorText(line)
        }
        if results.isEmpty {
            Terminal.errorText("no backend to send to: the spool keeps the points")
        }
        if waits { throw Failure.failed("not everything was delivered; nothing is lost") }
    }
}
