/// A configuration file of collectd, with the line of every key. Source: collectd.conf(5).
///
/// A line is a key with its arguments; `<Key argument>` and `</Key>` hold others. Keys are
/// case-insensitive and kept in lower case. Arguments are words or texts in double quotes, in which a
/// backslash stands before a quote or a backslash. `#` starts a comment, a backslash at the end of a
/// line joins it with the next. Reading stops at the first mistake.
struct CollectdFile: Sendable, Hashable {
    /// A key with its arguments, and what it holds.
    struct Node: Sendable, Hashable {
        /// The key, in lower case.
        let key: String
        /// The key as it stands.
        let title: String
        /// The arguments without quotes.
        let arguments: [String]
        /// The line, from 1.
        let line: Int
        /// The keys between `<Key>` and `</Key>`.
        var children: [Node] = []

        /// The only argument; `nil` when there are none, or more.
        var argument: String? { arguments.count == 1 ? arguments[0] : nil }

        /// The argument of the child called `key`.
        func text(_ key: String) -> String? { children.first { $0.key == key }?.argument }
    }

    /// Why a file cannot be read.
    struct Failure: Error, Hashable, CustomStringConvertible {
        /// The line, from 1.
        let line: Int
        /// A clause.
        let message: String

        /// `line 7: a text without its quote`.
        var description: String { "line \(line): \(message)" }
    }

    /// Blocks in blocks, at most.
    private static let maxDepth = 32

    /// The keys in the order of the file.
    private(set) var nodes: [Node] = []

    /// Reads the bytes of one file.
    init(bytes: [UInt8]) throws(Failure) {
        var open: [Node] = []
        var number = 0
        var joined: (line: Int, text: [UInt8])?
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            var content = (joined?.text ?? []) + part
            if content.last == 0x0D { content.removeLast() }
            let line = joined?.line ?? number
            joined = nil
            if content.last == UInt8(ascii: "\\") {
                joined = (line, content.dropLast())
                continue
            }
            guard String(decoding: content, as: UTF8.self).utf8.elementsEqual(content) else {
                throw Failure(line: line, message: "not UTF-8")
            }
            try Self.read(content, line: line, open: &open, nodes: &nodes)
        }
        if let line = joined?.line {
            throw Failure(line: line, message: "a backslash, and no line behind it")
        }
        if let block = open.last {
            throw Failure(
                line: block.line, message: "<\(block.title)> without its </\(block.title)>")
        }
    }

    private static func read(
        _ content: [UInt8], line: Int, open: inout [Node], nodes: inout [Node]
    ) throws(Failure) {
        var words = try Self.words(content, line: line)
        guard let first = words.first else { return }
        if first.hasPrefix("</") {
            let name = first.dropFirst(2).prefix { $0 != ">" }
            guard let block = open.popLast(), block.key == name.lowercased() else {
                throw Failure(line: line, message: "</\(name)> where no <\(name)> is open")
            }
            if open.isEmpty {
                nodes.append(block)
            } else {
                open[open.count - 1].children.append(block)
            }
            return
        }
        let isBlock = first.hasPrefix("<")
        if isBlock {
            guard words.last?.hasSuffix(">") == true else {
                throw Failure(line: line, message: "\(first) without its >")
            }
            words[0].removeFirst()
            words[words.count - 1].removeLast()
            if words.last == "" { words.removeLast() }
        }
        guard let title = words.first, !title.isEmpty, title.utf8.allSatisfy(isOfKey) else {
            throw Failure(line: line, message: "no key where one is expected")
        }
        let node = Node(
            key: title.lowercased(), title: title, arguments: Array(words.dropFirst()), line: line)
        if isBlock {
            open.append(node)
            if open.count > maxDepth {
                throw Failure(line: line, message: "too many blocks in blocks")
            }
        } else if open.isEmpty {
            nodes.append(node)
        } else {
            open[open.count - 1].children.append(node)
        }
    }

    private static func isOfKey(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// The words of a line; a `>` behind a text in quotes stays behind it.
    private static func words(_ content: [UInt8], line: Int) throws(Failure) -> [String] {
        var words: [String] = []
        var word: [UInt8]?
        var isQuoted = false
        var index = 0
        while index < content.count {
            let byte = content[index]
            index += 1
            if isQuoted {
                if byte == UInt8(ascii: "\\"), index < content.count {
                    word?.append(content[index])
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                } else {
                    word?.append(byte)
                }
            } else if byte == UInt8(ascii: "\"") {
                isQuoted = true
                word = word ?? []
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
                word = nil
            } else if byte == UInt8(ascii: "#") && word == nil {
                break
            } else {
                word = (word ?? []) + [byte]
            }
        }
        if isQuoted { throw Failure(line: line, message: "a text without its quote") }
        if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
        return words
    }
}

extension CollectdFile.Node {
    /// The truth value of the only argument.
    var flag: Bool? {
        switch argument?.lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }
}
