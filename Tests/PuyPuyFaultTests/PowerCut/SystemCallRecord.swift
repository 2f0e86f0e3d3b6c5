import TestSupport

/// What strace(1) wrote down of a process: `strace -f -xx`, which prints all text as `\x41\x42`.
struct SystemCallRecord {
    /// The calls to trace: all that change files or sync them.
    static let calls =
        "openat,open,creat,close,pwrite64,pwritev,pwritev2,write,writev,ftruncate,truncate,fallocate,"
        + "fsync,fdatasync,sync_file_range,sync,syncfs,rename,renameat,renameat2,unlink,unlinkat,"
        + "mkdir,mkdirat,link,linkat,dup,dup2,dup3,copy_file_range,sendfile"

    private(set) var events: [FileEvent] = []
    /// Calls that changed files and that the model does not know; there must be none.
    private(set) var unknown: [String] = []
    /// Calls that were made to fail.
    private(set) var injected = 0

    /// Calls that have begun, by thread.
    private var begun: [Int: Call] = [:]

    private struct Call {
        var name: String
        var texts: [[UInt8]]
        /// The arguments, each text replaced by a quote mark.
        var words: [Substring]
        /// Where it stands in `events` when it took effect as it began.
        var position: Int
    }

    init(_ path: String) throws(TestSupportError) {
        let bytes = try readBytes(path)
        bytes.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                var end = start
                while end < bytes.count && bytes[end] != UInt8(ascii: "\n") { end += 1 }
                read(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                start = end + 1
            }
        }
        // What had only begun when the process ended: any part of it may have been done.
        for call in begun.values where !call.name.contains("sync") { finish(call, result: nil) }
        events = events.filter { event in
            if case .close(descriptor: -1) = event { false } else { true }
        }
    }

    private mutating func read(_ line: UnsafeRawBufferPointer) {
        var (text, texts) = SystemCallRecord.takeTexts(line)
        guard let space = text.firstIndex(of: " "), let thread = Int(text[..<space]) else { return }
        text = String(text[space...].drop { $0 == " " })
        let result = text.range(of: " = ", last: true).flatMap {
            Int(text[$0.upperBound...].prefix { $0 == "-" || $0.isNumber })
        }
        if text.hasSuffix("(INJECTED)") { injected += 1 }
        if text.hasPrefix("<... ") {
            if let call = begun.removeValue(forKey: thread) { finish(call, result: result) }
            return
        }
        guard let bracket = text.firstIndex(of: "(") else { return }
        let name = String(text[..<bracket])
        let arguments = text[text.index(after: bracket)...]
        let end = arguments.firstIndex { $0 == ")" || $0 == "<" } ?? arguments.endIndex
        let call = Call(
            name: name, texts: texts,
            words: arguments[..<end].split(separator: ",").map { $0.drop { $0 == " " } },
            position: events.count)
        texts = []
        // A place that stays empty when the call fails.
        if !name.contains("sync") && name != "close" { events.append(.close(descriptor: -1)) }
        if text.hasSuffix("<unfinished ...>") {
            begun[thread] = call
        } else {
            finish(call, result: result)
        }
    }

    /// `result` is `nil` for a call that did not return.
    private mutating func finish(_ call: Call, result: Int?) {
        func number(_ index: Int) -> Int {
            call.words.indices.contains(index)
                ? Int(call.words[index].prefix { $0 == "-" || $0.isNumber }) ?? -1 : -1
        }
        func path(_ index: Int) -> String { String(decoding: call.texts[index], as: UTF8.self) }
        switch call.name {
        case "fsync", "fdatasync":
            events.append(.sync(descriptor: number(0), succeeded: result == 0))
            return
        case "close":
            events.append(.close(descriptor: number(0)))
            return
        default: break
        }
        if let result, result < 0 { return }
        let at = call.position
        switch call.name {
        case "openat":
            events[at] = .open(
                path: path(0), descriptor: result ?? -1,
                creates: call.words[2].contains("O_CREAT"),
                truncates: call.words[2].contains("O_TRUNC"))
        case "pwrite64":
            events[at] = .write(
                descriptor: number(0), offset: number(3),
                bytes: result.map { Array(call.texts[0].prefix($0)) } ?? call.texts[0])
        case "fallocate":
            // Without a mode the file grows; FALLOC_FL_KEEP_SIZE changes nothing that can be read.
            if call.words[1] == "0" {
                events[at] = .grow(descriptor: number(0), bytes: number(2) + number(3))
            } else if call.words[1] != "FALLOC_FL_KEEP_SIZE" {
                unknown.append(call.name)
            }
        case "ftruncate": events[at] = .resize(descriptor: number(0), bytes: number(1))
        case "mkdir": events[at] = .makeDirectory(path: path(0))
        case "rename": events[at] = .rename(from: path(0), to: path(1))
        case "unlink": events[at] = .unlink(path: path(0))
        case "write":
            let text = String(decoding: call.texts[0], as: UTF8.self)
            if number(0) == 1 { events[at] = .said(text.replacing("\n", with: "")) }
        default: unknown.append(call.name)
        }
    }

    /// The line without its texts, each of which leaves a quote mark, and the texts.
    private static func takeTexts(
        _ line: UnsafeRawBufferPointer
    ) -> (rest: String, texts: [[UInt8]]) {
        var rest: [UInt8] = []
        var texts: [[UInt8]] = []
        var next = 0
        while next < line.count {
            let byte = line[next]
            next += 1
            rest.append(byte)
            guard byte == UInt8(ascii: "\"") else { continue }
            var end = next
            while end < line.count && line[end] != UInt8(ascii: "\"") { end += 4 }
            texts.append(
                [UInt8](unsafeUninitializedCapacity: (end - next) / 4) { bytes, count in
                    count = (end - next) / 4
                    for index in 0..<count {
                        let at = next + index * 4
                        bytes[index] = digit(line[at + 2]) << 4 | digit(line[at + 3])
                    }
                })
            next = end + 1
        }
        return (String(decoding: rest, as: UTF8.self), texts)
    }

    @inline(__always)
    private static func digit(_ character: UInt8) -> UInt8 {
        character <= UInt8(ascii: "9") ? character &- 0x30 : character &- 0x57
    }
}

extension String {
    fileprivate func range(of text: String, last: Bool) -> Range<String.Index>? {
        ranges(of: text).last
    }
}
