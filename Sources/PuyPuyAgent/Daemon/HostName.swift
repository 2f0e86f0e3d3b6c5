internal import Dispatch
internal import Glibc
internal import Synchronization

/// The name of this host, for the tag `host`.
enum HostName {
    /// How long the network may be asked for the fully qualified name.
    private static let patienceSeconds = 2.0

    /// The host's name: fully qualified, or the part before the first dot when `short`.
    ///
    /// The fully qualified name is looked for where `hostname -f` looks: in the name itself, in
    /// /etc/hosts, then by the resolver, which gets two seconds. Without one it is the short name.
    /// Blocks: call it once, at the start.
    static func current(short: Bool) -> String {
        let name = kernelName()
        if short { return String(name.prefix { $0 != "." }) }
        if name.contains(".") { return name }
        if let text = try? SettingsFolder.read("/etc/hosts"),
            let found = qualifiedName(
                of: name, inHosts: String(decoding: text.bytes, as: UTF8.self))
        {
            return found
        }
        return resolved(name) ?? name
    }

    /// gethostname(2).
    static func kernelName() -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0, bytes[0] != 0 else { return "localhost" }
        return bytes.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// The first name with a dot on the line of hosts(5) that has `name`; `localhost.localdomain` is
    /// no host's name.
    static func qualifiedName(of name: String, inHosts text: String) -> String? {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard words.dropFirst().contains(where: { $0 == name }) else { continue }
            let found = words.dropFirst().first {
                $0.contains(".") && !$0.hasPrefix("localhost.")
            }
            if let found { return String(found) }
        }
        return nil
    }

    /// getaddrinfo(3), on another thread: it cannot be cut short, only left behind.
    private static func resolved(_ name: String) -> String? {
        let question = Question()
        DispatchQueue.global().async {
            let found = canonicalName(name)
            question.answer.withLock { $0 = found }
            question.answered.signal()
        }
        _ = question.answered.wait(timeout: .now() + patienceSeconds)
        return question.answer.withLock { $0 }
    }

    private static func canonicalName(_ name: String) -> String? {
        var hints = addrinfo()
        hints.ai_flags = AI_CANONNAME
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0, let list else { return nil }
        defer { freeaddrinfo(list) }
        guard let canonical = list.pointee.ai_canonname else { return nil }
        let found = String(cString: canonical)
        return found.contains(".") && !found.hasPrefix("localhost.") ? found : nil
    }

    private final class Question: Sendable {
        let answer = Mutex<String?>(nil)
        let answered = DispatchSemaphore(value: 0)
    }
}
