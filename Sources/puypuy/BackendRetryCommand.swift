internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy backend retry`
struct BackendRetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Let the daemon try a backend now instead of at its next attempt.",
        discussion: """
            After a failure the daemon waits: seconds while a server is down, up to a minute when
            somebody has to change something. When that is done, this saves the wait.

            EXAMPLE:
              puypuy backend retry influx
            """)

    @Argument(help: "The backend's name.", completion: BackendNames.sending)
    var backend: String

    @OptionGroup var configurationOption: ConfigurationOption

    func run() throws {
        let settings = try configurationOption.load()
        do {
            try BackendControl(settings).retry(backend)
        } catch .noDaemon(let path) {
            throw Failure.failed(
                "no daemon listens at \(path); when it starts, it tries at once by itself")
        } catch {
            throw Failure.failed(error.description)
        }
        print("\(backend) is tried now; puypuy backend list shows how that went")
    }
}
