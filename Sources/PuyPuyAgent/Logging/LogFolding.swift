internal import Logging

/// Folds events that repeat: the first is written at once, those that follow within a window are
/// counted, and one line says how many there were.
///
/// No timer runs: windows that are over are found out with the next event, by ``settle(bootNs:)``,
/// which the daemon calls every few seconds, or by ``flush()``. No summary is lost.
///
/// Events are the same when level, component, message and metadata are, where metadata values that
/// begin with a digit or a sign do not count: attempts and durations differ from one repetition to
/// the next, names tell what an event is about.
struct LogFolding {
    /// One event before it is text.
    struct Event {
        /// When it happened, nanoseconds since the epoch.
        var wallNs: Int64
        var level: Logger.Level
        var component: String
        var message: String
        var metadata: Logger.Metadata
    }

    private struct Key: Hashable {
        let level: Logger.Level
        let component: String
        let message: String
        let fields: [String]
    }

    private struct Window {
        let startNs: Int64
        /// The events in it, the first one included.
        var count: Int
        /// The latest one, whose values the summary shows.
        var latest: Event
    }

    /// How long repetitions are counted before they are summed up.
    static let windowSeconds: Int64 = 60
    /// How many different events are remembered: bounded memory, however many a fault makes.
    private static let windowLimit = 256

    private var windows: [Key: Window] = [:]
    /// The keys of `windows` by the start of their window.
    private var order: [Key] = []

    /// What is to be written for `event`, in this order: summaries of windows that are over, and the
    /// event unless it is a repetition.
    ///
    /// - Parameter bootNs: Time that only goes forward, so that a clock step keeps no window open.
    mutating func fold(_ event: Event, bootNs: Int64) -> [Event] {
        var written = settle(bootNs: bootNs)
        // Whoever asks for debug wants every event.
        if event.level < .info { return written + [event] }
        let key = Key(
            level: event.level, component: event.component, message: event.message,
            fields: event.metadata.compactMap(LogFolding.identity).sorted())
        if windows[key] != nil {
            windows[key]?.count += 1
            windows[key]?.latest = event
            return written
        }
        if order.count >= LogFolding.windowLimit { written += closeOldest() }
        windows[key] = Window(startNs: bootNs, count: 1, latest: event)
        order.append(key)
        written.append(event)
        return written
    }

    /// The summaries of the windows that are over at `bootNs`.
    mutating func settle(bootNs: Int64) -> [Event] {
        expire(before: bootNs - LogFolding.windowSeconds * 1_000_000_000)
    }

    /// The summaries of all windows, which are over with that.
    mutating func flush() -> [Event] { expire(before: .max) }

    private mutating func expire(before limitNs: Int64) -> [Event] {
        var summaries: [Event] = []
        while let key = order.first, let window = windows[key], window.startNs <= limitNs {
            summaries += closeOldest()
        }
        return summaries
    }

    private mutating func closeOldest() -> [Event] {
        let key = order.removeFirst()
        guard let window = windows.removeValue(forKey: key), window.count > 1 else { return [] }
        var summary = window.latest
        let seconds = LogFolding.windowSeconds
        summary.message += " (\(window.count) times in \(seconds) s)"
        return [summary]
    }

    private static func identity(_ key: String, _ value: Logger.MetadataValue) -> String? {
        let text = value.description
        if let first = text.utf8.first,
            (0x30...0x39).contains(first) || first == UInt8(ascii: "-")
                || first == UInt8(ascii: "+")
        {
            return nil
        }
        return key + "=" + text
    }
}
