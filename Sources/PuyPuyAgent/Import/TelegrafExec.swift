/// What `[[inputs.exec]]` becomes: Nagios plugins stay such, and commands that print line protocol
/// run in a resident program.
enum TelegrafExec {
    /// One `[[inputs.exec]]`.
    static func convert(_ plugin: TelegrafPlugin, into draft: inout ImportDraft) {
        var input = plugin
        let commands = (input.texts("commands") ?? []) + [input.text("command")].compactMap { $0 }
        let format = input.text("data_format") ?? "influx"
        let seconds = input.seconds("interval").flatMap { (1...86400).contains($0) ? $0 : nil }
        if commands.isEmpty {
            draft.remark(plugin.line, plugin.title, "it names no command")
        }
        switch format {
        case "nagios":
            for command in commands { draft.addPlugin(name(of: command), command: command) }
            draft.enable(
                "nagios", seconds.map { [(CheckKey.interval.name, SettingForm.plain($0))] } ?? [])
            draft.remark(
                plugin.line, plugin.title,
                "the check nagios takes its place: the metrics are nagios_state and nagios_value,"
                    + " with the tags plugin and label")
        case "influx":
            for command in commands { addProgram(command, seconds, plugin, to: &draft) }
        default:
            draft.remark(
                plugin.line, plugin.title,
                "a script of PuyPuy prints a point on each line, \"name value check_type style\","
                    + " not \(format): change the command, and put it into scripts_enabled")
        }
        draft.remarkRest(
            of: input,
            [
                "timeout": "nothing ends the command but its own end; write timeout before it",
                "environment": "write env NAME=VALUE before the command",
                "tags": "let the command print them",
            ])
    }

    private static func addProgram(
        _ command: String, _ seconds: Double?, _ plugin: TelegrafPlugin,
        to draft: inout ImportDraft
    ) {
        guard command.utf8.allSatisfy(isPlain) else {
            draft.remark(
                plugin.line, plugin.title,
                "\(command): a shell would understand it otherwise than Telegraf; write a script")
            return
        }
        let pause = seconds.map(SettingForm.plain) ?? draft.periodText
        let program = draft.addProgram(
            name(of: command),
            """
            #!/bin/sh
            # Made from \(plugin.title) of \(draft.source): runs its command again and again.
            while true; do
                \(command)
                sleep \(pause)
            done

            """)
        draft.remark(
            plugin.line, plugin.title,
            "\(command) runs in the resident program \(program), every \(pause) s; a field is the"
                + " metric measurement_field")
    }

    /// Whether a byte means nothing to a shell; quotes mean the same as to Telegraf.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || " /._-:=,@%+'".utf8.contains(byte)
    }

    /// A name for a command: that of its program, without `check_` and its extension.
    private static func name(of command: String) -> String {
        let program = command.split(separator: " ").first ?? ""
        var name = program.split(separator: "/").last ?? program
        name = name.prefix { $0 != "." }
        if name.hasPrefix("check_") { name = name.dropFirst("check_".count) }
        let plain = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return plain.isEmpty ? "exec" : plain.lowercased()
    }
}
