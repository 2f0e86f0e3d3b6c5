public import Logging

/// Hands the events of a logger to a ``LogOutput``. The logger's label is the component.
public struct LineLogHandler: LogHandler {
    /// Pairs that every event of the logger gets.
    public var metadata: Logger.Metadata = [:]
    /// Gives every event pairs of where it comes from.
    public var metadataProvider: Logger.MetadataProvider?

    private let component: String
    private let output: LogOutput
    private var ownLevel: Logger.Level?

    /// A handler for the logger called `component`.
    public init(
        component: String, output: LogOutput, metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.component = component
        self.output = output
        self.metadataProvider = metadataProvider
    }

    /// The logger's own level once it is set; the output's before.
    public var logLevel: Logger.Level {
        get { ownLevel ?? output.level }
        set { ownLevel = newValue }
    }

    /// A pair that every event of the logger gets.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Logs an event. Its own pairs win over the provider's, and those over the logger's.
    public func log(event: LogEvent) {
        var pairs = metadata
        if let provided = metadataProvider?.get() { pairs.merge(provided) { $1 } }
        if let own = event.metadata { pairs.merge(own) { $1 } }
        if let error = event.error, pairs["error"] == nil { pairs["error"] = "\(error)" }
        output.log(
            level: event.level, component: component, message: event.message.description,
            metadata: pairs)
    }
}

extension LogOutput {
    /// Makes this the output of every `Logger` of the process. Once, before the first logger.
    public func bootstrap() {
        LoggingSystem.bootstrap(
            { label, provider in
                LineLogHandler(component: label, output: self, metadataProvider: provider)
            }, metadataProvider: nil)
    }
}
