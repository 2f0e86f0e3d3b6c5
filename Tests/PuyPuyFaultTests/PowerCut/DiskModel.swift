import TestSupport

/// A disk below one directory, as far as a power cut is concerned: of each file the bytes that are
/// certain to be there, and what was asked for since.
///
/// - A write, a new size or a new name is certain once the file, or for names the directory, was
///   synced after it. Until then it may be there, or not, or in part, whatever was asked for before
///   or after it.
/// - After a sync that failed nothing is known of what it was for, and no later sync makes it certain:
///   the kernel may have dropped it and forgotten about it. Writing it anew does.
struct DiskModel {
    /// Something asked for.
    struct Change {
        enum Kind {
            case write(offset: Int, bytes: [UInt8])
            case resize(Int)
            case grow(Int)
        }
        enum State {
            /// Not synced yet.
            case asked
            /// Synced, but something that is not lies before it.
            case certain
            /// Its sync failed.
            case forgotten
        }
        let kind: Kind
        var state: State
    }

    /// A file or a directory.
    struct Node {
        var certain: [UInt8] = []
        var changes: [Change] = []
        var isDirectory = false
    }

    /// A name that something has got, or lost.
    struct NameChange {
        var given: String?
        var taken: String?
        var node: Int
    }

    /// Which syncs do nothing, for the proof that the model can find a loss.
    enum Lie {
        /// None of the files whose names end like this.
        case about(String)
    }

    let root: String
    let lie: Lie?
    private(set) var nodes: [Node] = []
    /// The names that are certain, and what was asked for since.
    private(set) var names: [String: Int] = [:]
    private(set) var nameChanges: [NameChange] = []
    /// The names as the process sees them.
    private var current: [String: Int] = [:]
    private var open: [Int: (node: Int, path: String)] = [:]

    /// A directory `root` with `files`, by path, all of which is certain to be there; what they are in
    /// as well.
    init(root: String, files: [String: [UInt8]] = [:], lie: Lie? = nil) {
        self.root = root
        self.lie = lie
        for (path, bytes) in files {
            let folder = ancestor(of: path, levels: 1)
            if folder != root && current[folder] == nil { make(folder, isDirectory: true) }
            make(path, isDirectory: false)
            nodes[nodes.count - 1].certain = bytes
        }
        names = current
        nameChanges = []
    }

    /// The path of an open file below the root.
    func path(_ descriptor: Int?) -> String? { descriptor.flatMap { open[$0]?.path } }

    /// Something happens.
    mutating func apply(_ event: FileEvent) {
        switch event {
        case .open(let path, let descriptor, let creates, let truncates):
            guard path == root || path.hasPrefix(root + "/") else { return }
            if path == root {
                open[descriptor] = (-1, path)
                return
            }
            if creates && current[path] == nil { make(path, isDirectory: false) }
            guard let node = current[path] else { return }
            if descriptor >= 0 { open[descriptor] = (node, path) }
            if truncates { nodes[node].changes.append(Change(kind: .resize(0), state: .asked)) }
        case .close(let descriptor): open[descriptor] = nil
        case .write(let descriptor, let offset, let bytes):
            ask(.write(offset: offset, bytes: bytes), of: descriptor)
        case .resize(let descriptor, let bytes): ask(.resize(bytes), of: descriptor)
        case .grow(let descriptor, let bytes): ask(.grow(bytes), of: descriptor)
        case .sync(let descriptor, let succeeded): sync(descriptor, succeeded)
        case .makeDirectory(let path):
            if path.hasPrefix(root + "/") { make(path, isDirectory: true) }
        case .rename(let from, let to):
            guard let node = current.removeValue(forKey: from) else { return }
            current[to] = node
            nameChanges.append(NameChange(given: to, taken: from, node: node))
        case .unlink(let path):
            guard let node = current.removeValue(forKey: path) else { return }
            nameChanges.append(NameChange(taken: path, node: node))
        case .said: break
        }
    }

    private mutating func make(_ path: String, isDirectory: Bool) {
        nodes.append(Node(isDirectory: isDirectory))
        current[path] = nodes.count - 1
        nameChanges.append(NameChange(given: path, node: nodes.count - 1))
    }

    private mutating func ask(_ kind: Change.Kind, of descriptor: Int) {
        guard let node = open[descriptor]?.node, node >= 0 else { return }
        nodes[node].changes.append(Change(kind: kind, state: .asked))
    }

    private mutating func sync(_ descriptor: Int, _ succeeded: Bool) {
        guard let (node, path) = open[descriptor] else { return }
        if case .about(let ending) = lie, path.hasSuffix(ending) { return }
        if node < 0 || nodes[node].isDirectory {
            if succeeded { syncNames(in: path) }
            return
        }
        for index in nodes[node].changes.indices where nodes[node].changes[index].state == .asked {
            nodes[node].changes[index].state = succeeded ? .certain : .forgotten
        }
        while let first = nodes[node].changes.first, first.state == .certain {
            nodes[node].certain.apply(first.kind)
            nodes[node].changes.removeFirst()
        }
    }

    private mutating func syncNames(in directory: String) {
        var rest: [NameChange] = []
        for change in nameChanges {
            let path = change.given ?? change.taken ?? ""
            if ancestor(of: path, levels: 1) == directory {
                names.apply(change)
            } else {
                rest.append(change)
            }
        }
        nameChanges = rest
    }
}

extension [String: Int] {
    /// Gives and takes the names of `change`.
    mutating func apply(_ change: DiskModel.NameChange) {
        if let taken = change.taken { self[taken] = nil }
        if let given = change.given { self[given] = change.node }
    }
}

extension [UInt8] {
    /// Does `change` to these bytes; a gap behind the end is filled with zeros.
    mutating func apply(_ change: DiskModel.Change.Kind) {
        switch change {
        case .write(let offset, let bytes): put(bytes[...], at: offset)
        case .resize(let size):
            if size < count { removeLast(count - size) }
            apply(.grow(size))
        case .grow(let size):
            if size > count { append(contentsOf: repeatElement(0, count: size - count)) }
        }
    }

    /// Puts `bytes` at `offset`.
    mutating func put(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        let end = offset + bytes.count
        if end > count { append(contentsOf: repeatElement(0, count: end - count)) }
        withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<end])
                    .copyMemory(from: source)
            }
        }
    }
}
