internal import PuyPuyCore

/// `openfiles`: how many files a process has open.
///
/// Each option is a label and, as its text, the name of a process or the path of a pid file. A name
/// can stand for several processes; then their files are summed. Source: `/proc/PID/fd`, `comm` and
/// `cmdline`, described in proc(5).
struct OpenFilesCheck: Check {
    static let description = CheckDescription(
        name: "openfiles", section: "Open Files",
        summary: "how many files chosen processes have open",
        options: [
            CheckOption(
                key: "*", form: .text, defaultText: "",
                help: "a label, with the name of a process or the path of its pid file")
        ],
        make: { OpenFilesCheck(root: HostRoot($0.rootPath), processes: $0.options) })

    let root: HostRoot
    /// Process name or path of a pid file, by label.
    let processes: [String: String]

    /// A label that cannot be resolved costs the others nothing, and is named at the end.
    func collect(into sample: inout Sample) throws {
        var problems: [ChecksError] = []
        for (label, process) in processes.sorted(by: { $0.key < $1.key }) {
            do throws(ChecksError) {
                var count: Int64 = 0
                for pid in try pids(of: process, label: label) {
                    count += Int64(try root.names(in: "/proc/\(pid)/fd").count)
                }
                sample.gauge("openfiles_\(label)", .integer(count), type: "gauge")
            } catch {
                problems.append(error)
            }
        }
        guard let first = problems.first else { return }
        if problems.count == 1 { throw first }
        throw ChecksError(
            operation: "count the open files of", subject: "\(problems.count) labels",
            cause: problems.map(\.description).joined(separator: "; "))
    }

    private func pids(of process: String, label: String) throws(ChecksError) -> [Int] {
        if process.contains("/") {
            let content = try root.read(process)
            guard let pid = OpenFilesCheck.parse(pidFile: content[...]) else {
                throw ChecksError(
                    operation: "find the process of", subject: label,
                    cause: "\(root.path(process)) does not hold a process number")
            }
            guard root.exists("/proc/\(pid)") else {
                throw ChecksError(
                    operation: "find the process of", subject: label,
                    cause: "process \(pid) in \(root.path(process)) is not running")
            }
            return [pid]
        }
        let pids = try root.names(in: "/proc").compactMap { Int($0) }.filter {
            isNamed($0, process)
        }
        guard !pids.isEmpty else {
            throw ChecksError(
                operation: "find the process of", subject: label,
                cause: "no process is named \(process)",
                hint: "start it, or correct its name: ps -e -o comm lists the names")
        }
        return pids
    }

    /// The kernel keeps 15 bytes of a name; a longer one is looked for in the command line.
    private func isNamed(_ pid: Int, _ name: String) -> Bool {
        let shown = Array(name.utf8.prefix(15))
        guard let comm = try? root.read("/proc/\(pid)/comm"),
            comm.split(separator: ByteLines.lineFeed).first.map(Array.init) == shown
        else { return false }
        if shown.count == name.utf8.count { return true }
        guard let arguments = try? root.read("/proc/\(pid)/cmdline") else { return false }
        return arguments.split(separator: 0).prefix(2).contains { argument in
            argument.split(separator: UInt8(ascii: "/")).last?.elementsEqual(name.utf8) == true
        }
    }

    /// The number with which the text begins.
    static func parse(pidFile text: ArraySlice<UInt8>) -> Int? {
        var words = ByteWords(text)
        return words.next().flatMap { Int(digits: $0) }
    }
}
