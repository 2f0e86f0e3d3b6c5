internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyChecks

/// `puypuy check enable`
struct CheckEnableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Enable a check; a running daemon begins at once.",
        discussion: """
            Makes checks_enabled/check_NAME.ini, for an instance check_NAME@INSTANCE.ini. Options go
            into that file. What was disabled gets its name back.

            EXAMPLES:
              puypuy check enable btrfs
              puypuy check enable nagios
            """)

    @Argument(
        help: ArgumentHelp("The check, or an instance of it.", valueName: "NAME[@INSTANCE]"),
        completion: .custom { _, _, _ in CheckSet.builtIn.map(\.name) })
    var name: String

    @OptionGroup var configurationOption: ConfigurationOption

    func run() throws {
        try CheckSwitchReport.tell(name, "enabled", configurationOption) { try $0.enable(name) }
    }
}

/// `puypuy check disable`
struct CheckDisableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Disable a check, module, program or script; a running daemon ends it at once.",
        discussion: """
            A file check_NAME.ini without settings is removed. One with settings, a module, a program
            or a script is renamed to NAME.disabled, and puypuy check enable brings it back.

            EXAMPLES:
              puypuy check disable tcpconn
            """)

    @Argument(
        help: ArgumentHelp("The check, or an instance of it.", valueName: "NAME[@INSTANCE]"),
        completion: .custom { _, _, _ in CheckSet.builtIn.map(\.name) })
    var name: String

    @OptionGroup var configurationOption: ConfigurationOption

    func run() throws {
        try CheckSwitchReport.tell(name, "disabled", configurationOption) { try $0.disable(name) }
    }
}

/// Switches a check, tells of it, and lets a running daemon take it over.
private enum CheckSwitchReport {
    static func tell(
        _ name: String, _ word: String, _ option: ConfigurationOption,
        _ change: (CheckSwitch) throws -> CheckSwitch.Outcome
    ) throws {
        let settings = try option.load()
        let outcome: CheckSwitch.Outcome
        do {
            outcome = try change(CheckSwitch(settings))
        } catch let refusal as CheckSwitch.Refusal {
            throw Failure(description: refusal.description, code: refusal.isMisuse ? 2 : 1)
        }
        guard case .done(let files) = outcome else {
            Terminal.write("\(name) is \(word) already\n")
            return
        }
        Terminal.write("\(name) is \(word): \(files.joined(separator: ", "))\n")
        do {
            guard try DaemonProcess(settings).id() != nil else {
                Terminal.write("no daemon runs; it takes effect with the next start\n")
                return
            }
        } catch {
            throw Failure.failed("the daemon is not told: \(error)")
        }
        try ReloadCommand.reload(settings)
    }
}
