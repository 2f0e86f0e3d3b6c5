internal import Glibc
internal import NIOCore

/// The socket beside the spool through which commands speak with the daemon: HTTP, as the web
/// server, with more rights. unix(7).
///
/// Only its owner may connect (0600, in a folder of 0750), and the daemon asks the system who did
/// (`SO_PEERCRED`). A file that a killed daemon left behind is replaced: the spool's lock, which is
/// taken before, proves that nobody listens there any more.
final class ControlSocket: Sendable {
    /// `control.sock` in the folder of the spool.
    let path: String
    /// The path to give to the system: one that is longer than `sockaddr_un` takes goes through the
    /// open folder, `/proc/self/fd/7/control.sock`.
    let pathForSystem: String
    /// The folder, when it has to be open; else negative.
    private let folder: CInt

    init(spoolPath: String) {
        let parent = SettingsFolder.parent(of: spoolPath)
        path = parent + "/control.sock"
        let isShort = path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        folder = isShort ? -1 : open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        pathForSystem = folder < 0 ? path : "/proc/self/fd/\(folder)/control.sock"
    }

    deinit {
        if folder >= 0 { close(folder) }
    }

    /// Takes the rights of all but the owner.
    func protect() { chmod(path, 0o600) }

    /// Removes the file.
    func remove() { unlink(path) }

    /// Whether the other side of `channel` is root or the user of this process.
    static func mayControl(_ channel: any Channel) async throws -> Bool {
        guard let provider = channel as? any SocketOptionProvider else { return false }
        let peer: PeerCredentials = try await provider.unsafeGetSocketOption(
            level: .init(rawValue: SOL_SOCKET), name: .init(rawValue: SO_PEERCRED)
        ).get()
        return peer.userID == 0 || peer.userID == geteuid()
    }

    /// `struct ucred` of unix(7).
    private struct PeerCredentials: Sendable {
        var processID: pid_t
        var userID: uid_t
        var groupID: gid_t
    }
}

/// Why a command could not speak with the daemon, or what the daemon refused.
public enum ControlError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Nobody listens: no daemon runs on this spool.
    case noDaemon(String)
    /// The socket is there and cannot be used.
    case unreachable(String, cause: String)
    /// The daemon gave no usable answer.
    case noAnswer(String, cause: String)
    /// The daemon refused, in its words.
    case refused(String)

    /// One line.
    public var description: String {
        switch self {
        case .noDaemon(let path): "no daemon listens at \(path)"
        case .unreachable(let path, let cause): "cannot use \(path): \(cause)"
        case .noAnswer(let path, let cause): "the daemon at \(path) gives no answer: \(cause)"
        case .refused(let words): words
        }
    }
}
