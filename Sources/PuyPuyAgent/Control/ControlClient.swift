internal import Glibc
internal import PuyPuyCore
internal import PuyPuySpool

/// Asks the daemon that has a spool, over its control socket. Every call blocks, all but a salvage for
/// some seconds at most.
struct ControlClient: Sendable {
    /// How long an answer may take. Seconds.
    private static let patienceSeconds = 5
    /// How long a reload may take, with a commit on a slow disk. Seconds.
    private static let reloadPatienceSeconds = 60
    /// How often it is asked how far a salvage is. Microseconds.
    private static let salvagePeriod: useconds_t = 200_000
    /// No answer is longer.
    private static let maxAnswerBytes = 16 << 20

    private let socket: ControlSocket

    /// A client of the daemon on the spool at `spoolPath`, whether it runs or not.
    init(spoolPath: String) { socket = ControlSocket(spoolPath: spoolPath) }

    /// Every backend of the daemon.
    func backends() throws(ControlError) -> [BackendStatus] {
        let answer = try ask("GET", "/api/v1/backends")
        guard let list = answer["backends"]?.array else {
            throw .noAnswer(socket.path, cause: "its answer has no backends")
        }
        return list.compactMap { BackendStatus($0) }
    }

    /// How the daemon itself is doing.
    func status() throws(ControlError) -> DaemonStatus {
        guard let status = DaemonStatus(try ask("GET", "/api/v1/status")) else {
            throw .noAnswer(socket.path, cause: "its answer has no process id")
        }
        return status
    }

    /// Lets the daemon read its configuration anew.
    func reload() throws(ControlError) -> ReloadResult {
        let answer = try ask(
            "POST", "/api/v1/reload", patienceSeconds: Self.reloadPatienceSeconds)
        guard let result = ReloadResult(answer) else {
            throw .noAnswer(socket.path, cause: "its answer does not say what it did")
        }
        return result
    }

    /// Lets `backend` try now. Throws when it has no sender.
    func retry(_ backend: String) throws(ControlError) {
        _ = try ask("POST", "/api/v1/backends/\(Self.percentEncoded(backend))/retry")
    }

    /// Lets the daemon forget `backend`; returns its books as they were.
    func forget(_ backend: String) throws(ControlError) -> Ledger {
        let answer = try ask("POST", "/api/v1/backends/\(Self.percentEncoded(backend))/forget")
        return Ledger(
            collected: answer["collected"]?.integer ?? 0,
            delivered: answer["delivered"]?.integer ?? 0, pending: answer["pending"]?.integer ?? 0,
            dead: answer["dead"]?.integer ?? 0, expired: answer["expired"]?.integer ?? 0)
    }

    /// Lets the daemon settle dead letters.
    func settle(
        _ action: DeadLetterAction, _ part: DeadLetterPart
    ) throws(ControlError) -> DeadLetterProgress {
        let answer = try ask("POST", "/api/v1/dead/\(action.rawValue)", body: part.json)
        guard let letters = answer["letters"]?.integer else {
            throw .noAnswer(socket.path, cause: "its answer does not say how many letters")
        }
        return DeadLetterProgress(letters: letters, after: answer["after"]?.integer)
    }

    /// Lets the daemon salvage `file`, and waits for the end.
    func salvage(
        _ file: String, progress: (Double) -> Void
    ) throws(ControlError) -> Salvage {
        let body = JSONText.object([("file", JSONText.string(file))])
        var answer = try ask("POST", "/api/v1/salvage", body: body)
        let job = answer["job"]
        while answer["job"] == job, let part = answer["progress"]?.double {
            progress(part)
            usleep(Self.salvagePeriod)
            answer = try ask("GET", "/api/v1/salvage")
        }
        if let words = answer["failed"]?.string { throw .refused(words) }
        guard answer["job"] == job, let json = answer["found"], let found = Salvage(json) else {
            throw .noAnswer(
                socket.path,
                cause: "another salvage has begun; the same command says what came over before")
        }
        return found
    }

    private func ask(
        _ method: String, _ path: String, body: String = "",
        patienceSeconds: Int = ControlClient.patienceSeconds
    ) throws(ControlError) -> JSONValue {
        let descriptor = try connection(patienceSeconds)
        defer { close(descriptor) }
        try send(
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)",
            to: descriptor)
        let answer = try receive(from: descriptor)
        let head = "HTTP/1.1 ".utf8.count
        guard let status = Int(String(decoding: answer.dropFirst(head).prefix(3), as: UTF8.self)),
            let end = Self.endOfHead(answer), let json = JSONValue(answer[end...])
        else { throw .noAnswer(socket.path, cause: "what came is not an answer of a daemon") }
        guard status < 400 else {
            throw .refused(json["error"]?.string ?? "the daemon answers with status \(status)")
        }
        return json
    }

    private func connection(_ patienceSeconds: Int) throws(ControlError) -> CInt {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw failure() }
        var patience = timeval(tv_sec: patienceSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: socket.pathForSystem.utf8.prefix(room.count - 1))
        }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let error = failure()
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private func failure() -> ControlError {
        switch errno {
        case ENOENT, ECONNREFUSED: .noDaemon(socket.path)
        case EAGAIN: .noAnswer(socket.path, cause: "it did not come in time")
        default: .unreachable(socket.path, cause: String(cString: strerror(errno)).lowercased())
        }
    }

    private func send(_ text: String, to descriptor: CInt) throws(ControlError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            rest = rest.dropFirst(count)
        }
    }

    private func receive(from descriptor: CInt) throws(ControlError) -> [UInt8] {
        var answer: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 << 10)
        while answer.count <= Self.maxAnswerBytes {
            let count = recv(descriptor, &block, block.count, 0)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw failure() }
            if count == 0 { return answer }
            answer += block[..<count]
        }
        throw .noAnswer(socket.path, cause: "its answer is too long")
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
    }

    /// The name of a backend as a part of a path.
    private static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let stays = byte < 0x80 && (scalar.properties.isAlphabetic || scalar == "-")
            if stays || (0x30...0x39).contains(byte) {
                encoded.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return encoded
    }
}
