import Glibc
import TestSupport

/// What of the unsynced changes is on the disk after the power has come back.
enum Survival: String, CaseIterable {
    /// Nothing.
    case none
    /// Everything, as after a kill -9.
    case all
    /// Each change or not, by chance: also later ones without earlier ones.
    case some
    /// Each sector of 512 bytes of each change or not, by chance.
    case torn
    /// The later half, and nothing of the earlier.
    case late

    /// Makes below `folder` what `disk` has after the cut; without `-shm`, which SQLite makes anew from
    /// the log when nobody has it open.
    func write(
        _ disk: DiskModel, to folder: String, random: inout SeededGenerator
    ) throws(TestSupportError) {
        var names = disk.names
        for (index, change) in disk.nameChanges.enumerated()
        where survives(index, of: disk.nameChanges.count, &random) { names.apply(change) }
        for (path, node) in names.sorted(by: { $0.key < $1.key }) where !path.hasSuffix("-shm") {
            let place = folder + path.dropFirst(disk.root.count)
            if disk.nodes[node].isDirectory {
                mkdir(place, 0o750)
            } else if access(ancestor(of: place, levels: 1), F_OK) == 0 {
                try writeBytes(content(of: disk.nodes[node], &random), to: place)
            }
        }
    }

    private func content(of node: DiskModel.Node, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = node.certain
        for (index, change) in node.changes.enumerated() {
            if change.state == .certain {
                bytes.apply(change.kind)
            } else if self == .torn, case .write(let offset, let written) = change.kind {
                tear(written, at: offset, into: &bytes, &random)
            } else if survives(index, of: node.changes.count, &random) {
                bytes.apply(change.kind)
            }
        }
        return bytes
    }

    private func survives(_ index: Int, of count: Int, _ random: inout SeededGenerator) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .some, .torn: Bool.random(using: &random)
        case .late: index >= count / 2
        }
    }

    private func tear(
        _ written: [UInt8], at offset: Int, into bytes: inout [UInt8],
        _ random: inout SeededGenerator
    ) {
        var start = 0
        while start < written.count {
            let end = min(written.count, start + 512 - (offset + start) % 512)
            if Bool.random(using: &random) { bytes.put(written[start..<end], at: offset + start) }
            start = end
        }
    }
}
