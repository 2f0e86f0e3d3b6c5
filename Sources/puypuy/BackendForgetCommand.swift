internal import ArgumentParser
internal import Glibc
internal import PuyPuyAgent
internal import PuyPuySpool

/// `puypuy backend forget`
struct BackendForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Forget a removed backend, with the points that are pending for it.",
        discussion: """
            Points that are pending for a backend stay in the spool when its section is removed from
            the configuration, in case it comes back. Forgetting gives them up, with its dead letters
            and its books; other backends keep theirs. The daemon may run or not.

            EXAMPLES:
              puypuy backend forget old
              puypuy backend forget old --yes
            """)

    @Argument(help: "The backend's name.", completion: BackendNames.removed)
    var backend: String

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        let settings = try configurationOption.load()
        let log = configurationOption.startLog(settings)
        defer { log.flush() }
        let control = BackendControl(settings)
        do {
            if !yes { try confirm(control) }
            let books = try await control.forget(backend)
            print("\(backend) is forgotten, with \(Self.words(books.pending, books.dead))")
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure.failed("\(error)")
        }
    }

    private func confirm(_ control: BackendControl) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure.misused("nobody is here to ask; say --yes")
        }
        let known = try control.overview().backends.first { $0.name == backend }
        // Others are refused anyway, in the words of who refuses.
        guard let known, known.state == .removed else { return }
        Terminal.write(
            "Forget \(backend), with \(Self.words(known.pending, known.dead))? [y/N] ")
        guard let answer = readLine()?.lowercased(), ["y", "yes"].contains(answer) else {
            throw Failure.failed("nothing is forgotten")
        }
    }

    private static func words(_ pending: Int64, _ dead: Int64) -> String {
        "\(Readable.count(pending)) pending point\(pending == 1 ? "" : "s") and"
            + " \(Readable.count(dead)) dead letter\(dead == 1 ? "" : "s")"
    }
}
