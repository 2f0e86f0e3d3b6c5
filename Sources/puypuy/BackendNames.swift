internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyBackends

/// The names of backends that a shell offers while somebody types a command.
///
/// They are those of the configuration that the command line names with `--config`, or that is found
/// without it. Nothing is printed: what cannot be read offers nothing.
enum BackendNames {
    /// The backends that points are sent to.
    static var sending: CompletionKind {
        .custom { words, _, _ in
            settings(words)?.backends.filter(\.type.hasSender).map(\.name) ?? []
        }
    }

    /// The backends that the spool knows, also those that are configured no more.
    static var known: CompletionKind { .custom { words, _, _ in overview(words).map(\.name) } }

    /// The backends that the spool knows and the configuration does not.
    static var removed: CompletionKind {
        .custom { words, _, _ in overview(words).filter { $0.state == .removed }.map(\.name) }
    }

    private static func overview(_ words: [String]) -> [BackendStatus] {
        guard let settings = settings(words) else { return [] }
        return (try? BackendControl(settings).overview().backends) ?? []
    }

    private static func settings(_ words: [String]) -> Settings? {
        guard let location = try? SettingsLocation.find(argument: configuration(words)) else {
            return nil
        }
        return Settings.loadReadable(from: location, checks: CheckSet.builtIn).settings
    }

    /// The argument of `--config` among `words`.
    private static func configuration(_ words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            if word == "--config" || word == "-c" { return words.dropFirst(index + 1).first }
            if word.hasPrefix("--config=") { return String(word.dropFirst("--config=".count)) }
        }
        return nil
    }
}
