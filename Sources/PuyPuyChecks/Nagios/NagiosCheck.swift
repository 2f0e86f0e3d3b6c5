internal import PuyPuyCore

/// The plugins of `[Nagios]`, each run once: their states and their performance data as points.
struct NagiosCheck: Check {
    static let description = CheckDescription(
        name: "nagios", section: "Nagios",
        summary: "Nagios plugins: their exit status and performance data",
        options: [
            CheckOption(
                key: "*", form: .text, defaultText: "",
                help: "a name, and the command line of a plugin; no shell sees it")
        ],
        make: { NagiosCheck(NagiosPlugins(commands: $0.options)) })

    private static let type = "nagios"
    /// As many plugins run at a time.
    private static let concurrency = 4
    /// What a single plugin may take. The run's own deadline ends all of them.
    private static let deadline = Duration.seconds(60)

    private let plugins: NagiosPlugins

    init(_ plugins: NagiosPlugins) { self.plugins = plugins }

    /// Runs all plugins. A plugin that is critical is no failure of the check: that is what it is
    /// there to tell.
    func collect(into sample: inout Sample) async throws {
        let names = plugins.names
        let answers = await withTaskGroup(
            of: (String, NagiosPlugins.Answer, NagiosOutput?).self
        ) { group in
            var waiting = names[...]
            var found: [(name: String, answer: NagiosPlugins.Answer, output: NagiosOutput?)] = []
            func start(_ name: String) {
                group.addTask { [plugins] in
                    let result = await plugins.measured(
                        name, arguments: "", deadline: NagiosCheck.deadline)
                    return (name, result.answer, result.output)
                }
            }
            for _ in 0..<NagiosCheck.concurrency { waiting.popFirst().map(start) }
            while let (name, answer, output) = await group.next() {
                found.append((name, answer, output))
                waiting.popFirst().map(start)
            }
            return found.sorted { $0.name < $1.name }
        }
        for answer in answers {
            sample.gauge(
                "nagios_state", .integer(Int64(answer.answer.state.rawValue)),
                type: NagiosCheck.type, tags: ["plugin": answer.name])
            if let output = answer.output { add(output, of: answer.name, to: &sample) }
        }
        let silent = answers.filter { $0.output == nil }.map { "\($0.name): \($0.answer.text)" }
        guard silent.isEmpty else {
            throw ChecksError(
                operation: "run", subject: "plugins of [Nagios]",
                cause: silent.joined(separator: "; "))
        }
    }

    private func add(_ output: NagiosOutput, of plugin: String, to sample: inout Sample) {
        for performance in output.performance {
            let tags: Tags = [
                "plugin": plugin, "label": performance.label, "unit": performance.unit,
            ]
            if performance.unit == "c" {
                sample.rate(
                    "nagios_value", performance.value, type: NagiosCheck.type, tags: tags)
            } else {
                sample.gauge(
                    "nagios_value", performance.value, type: NagiosCheck.type, tags: tags)
            }
            for (limit, value) in performance.limits.sorted(by: { $0.key < $1.key }) {
                sample.gauge("nagios_\(limit)", value, type: NagiosCheck.type, tags: tags)
            }
        }
        for _ in output.unreadable { sample.refuse("nagios_value", .unreadable) }
    }
}
