internal import PuyPuyCore

/// The plugins that `[Nagios]` names, and the only way to run one.
public struct NagiosPlugins: Sendable {
    /// What a plugin answered.
    public struct Answer: Sendable, Hashable {
        /// By its exit status; unknown when it could not be run or did not end in time.
        public let state: NagiosState
        /// Its text on one line, without performance data; or why there is none.
        public let text: String
    }

    /// The command lines, by name in lower case.
    private let commands: [String: String]

    /// As many bytes of output are enough for any plugin.
    private static let outputLimitBytes = 65_536

    /// The plugins with these command lines; names are in lower case, as keys of the configuration.
    public init(commands: [String: String]) { self.commands = commands }

    /// The names, sorted.
    public var names: [String] { commands.keys.sorted() }

    /// Runs the plugin `name`, and kills it when `deadline` has passed.
    ///
    /// The program is always the one that the configuration names. `arguments` replace the
    /// configured ones unless they are empty. They are split into words here, and no shell sees them.
    public func run(_ name: String, arguments: String, deadline: Duration) async -> Answer {
        await measured(name, arguments: arguments, deadline: deadline).answer
    }

    /// As ``run(_:arguments:deadline:)``, with the performance data.
    func measured(
        _ name: String, arguments: String, deadline: Duration
    ) async -> (answer: Answer, output: NagiosOutput?) {
        func unknown(_ text: String) -> (Answer, NagiosOutput?) {
            (Answer(state: .unknown, text: text), nil)
        }
        guard let command = commands[name.lowercased()] else {
            return unknown("[Nagios] has no plugin called \(name)")
        }
        let words: [String]
        do throws(CommandLine.Problem) {
            let configured = try CommandLine(command).words
            let others = try CommandLine(arguments).words
            words = others.isEmpty ? configured : configured.prefix(1) + others
        } catch {
            return unknown("a quote in the arguments of \(name) has no end")
        }
        guard let program = words.first else { return unknown("\(name) names no program") }
        let child = ChildProcess(
            program: program, arguments: Array(words.dropFirst()),
            outputLimitBytes: NagiosPlugins.outputLimitBytes)
        let result = await NagiosPlugins.result(of: child, within: deadline)
        switch result {
        case .success(let result):
            let output = NagiosOutput(result.output)
            guard case .exited(let status) = result.end else {
                return unknown(result.problem ?? "the plugin was killed")
            }
            let text = output.text.isEmpty ? result.errorLines.first ?? "" : output.text
            return (Answer(state: NagiosState(exitStatus: status), text: text), output)
        case .failure(let error): return unknown(error.description)
        case nil: return unknown("\(name) did not end within \(deadline)")
        }
    }

    /// `nil` when `deadline` passed first; then the child is killed.
    private static func result(
        of child: ChildProcess, within deadline: Duration
    ) async -> Result<ChildResult, ChecksError>? {
        await withTaskGroup(of: Result<ChildResult, ChecksError>?.self) { group in
            group.addTask {
                do throws(ChecksError) {
                    return .success(try await child.run())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
