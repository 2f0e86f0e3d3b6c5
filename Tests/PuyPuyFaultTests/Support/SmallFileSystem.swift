import Glibc
import TestSupport

/// A file system of some megabytes of memory (tmpfs), which a ballast fills and frees.
///
/// A process of its own unmounts it when the test process goes without doing so.
final class SmallFileSystem {
    let path: String
    private var ballast: String { path + "/ballast" }

    /// Whether this process may mount.
    static let isPossible: Bool = {
        guard let folder = try? TemporaryDirectory(),
            let trial = try? SmallFileSystem(at: folder.path, megabytes: 1)
        else { return false }
        trial.unmount()
        return true
    }()

    /// Mounts it over the directory `path`.
    init(at path: String, megabytes: Int) throws {
        self.path = path
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=0755") == 0 else {
            throw TestSupportError("mount \(path): \(String(cString: strerror(errno)))")
        }
        let script = """
            (while [ -d /proc/$1 ] && mountpoint -q "$2"; do sleep 1; done; umount -l "$2") \
            >/dev/null 2>&1 </dev/null &
            """
        _ = try ChildProcess("/bin/sh", ["-c", script, "unmount", "\(getpid())", path])
            .waitForEnd(within: .seconds(60))
    }

    deinit { unmount() }

    /// Takes it away, whoever uses it. Nothing happens when it is gone.
    func unmount() { umount2(path, Int32(2)) }  // MNT_DETACH

    /// From now on nothing can be changed in it, or it can again. Fails while a file is open to be
    /// written.
    func setReadOnly(_ isReadOnly: Bool) throws {
        // MS_REMOUNT, MS_RDONLY: mount(2).
        guard mount("tmpfs", path, "tmpfs", 32 | (isReadOnly ? 1 : 0), nil) == 0 else {
            throw TestSupportError("remount \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// The bytes that are left.
    var freeBytes: Int {
        var status = statvfs()
        return statvfs(path, &status) == 0 ? Int(status.f_bavail) * Int(status.f_frsize) : 0
    }

    /// Grows the ballast until nothing is left.
    func fill() {
        let file = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(file) }
        let page = [UInt8](repeating: 0xB5, count: 4_096)
        while write(file, page, page.count) > 0 {}
    }

    /// Removes the ballast.
    func free() { unlink(ballast) }
}
