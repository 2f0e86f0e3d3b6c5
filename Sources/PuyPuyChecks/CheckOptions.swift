extension CheckContext {
    /// The option `key` as true or false.
    ///
    /// Takes what Python's configparser takes for a boolean: 1, yes, true, on, 0, no, false, off.
    func flag(_ key: String, default missing: Bool) throws(ChecksError) -> Bool {
        guard let text = options[key] else { return missing }
        switch text.lowercased() {
        case "1", "yes", "true", "on": return true
        case "0", "no", "false", "off": return false
        default:
            throw ChecksError(
                operation: "use the option", subject: key, cause: "\"\(text)\" is not a yes or no",
                hint: "write True or False")
        }
    }
}

extension CheckOption {
    /// A key that existing configuration files have and that means nothing any more.
    static func obsolete(_ key: String, _ form: Form, default text: String) -> CheckOption {
        CheckOption(
            key: key, form: form, defaultText: text,
            help: "has no effect; accepted so that existing configuration files work",
            isObsolete: true)
    }

    /// The keys of thresholds, which only the original's web page read.
    static func obsoleteThresholds(high: String, severe: String) -> [CheckOption] {
        [
            .obsolete("static_enabled", .flag, default: "True"),
            .obsolete("high", .number, default: high),
            .obsolete("severe", .number, default: severe),
        ]
    }
}
