internal import Glibc
public import PuyPuyCore

/// A real Chromium without a window, driven through chromedriver (WebDriver,
/// https://www.w3.org/TR/webdriver2/). Both end with the object, and with the test process.
public final class Browser {
    private let directory: TemporaryDirectory
    private let driver: ChildProcess
    private let port: UInt16
    private var session = ""

    /// Starts a browser whose window has this size.
    public init(width: Int = 1_280, height: Int = 1_000) throws(TestSupportError) {
        directory = try TemporaryDirectory("puypuy-browser")
        port = try LoopbackSocket.freePort()
        driver = try ChildProcess(
            "chromedriver", ["--port=\(port)"], log: directory.path + "/driver.log",
            directory: directory.path)
        let (ready, port) = (driver, port)
        guard
            eventually(
                within: .seconds(60),
                {
                    !ready.isRunning || (try? LoopbackSocket(connectingTo: port).port) != nil
                }), driver.isRunning
        else {
            throw TestSupportError(
                "chromedriver does not start: \(readText(directory.path + "/driver.log"))")
        }
        // Its pipe to chromedriver ends the browser with it.
        var arguments = [
            "--headless=new", "--remote-debugging-pipe", "--disable-gpu",
            "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
            "--force-device-scale-factor=1", "--window-size=\(width),\(height)",
            "--user-data-dir=\(directory.path)/profile",
        ]
        // Its sandbox refuses to work for root, and where namespaces are not allowed.
        if getuid() == 0 { arguments.append("--no-sandbox") }
        let options = JSONText.object([
            ("args", JSONText.array(arguments.map(JSONText.string)))
        ])
        let capabilities = JSONText.object([
            ("browserName", JSONText.string("chrome")),
            ("goog:chromeOptions", options),
            ("goog:loggingPrefs", JSONText.object([("browser", JSONText.string("ALL"))])),
            ("timeouts", JSONText.object([("script", "60000"), ("pageLoad", "60000")])),
        ])
        let answer = try command(
            "POST", "/session",
            JSONText.object([
                ("capabilities", JSONText.object([("alwaysMatch", capabilities)]))
            ]))
        guard let id = answer["sessionId"]?.string else {
            throw TestSupportError("chromedriver gave no session")
        }
        session = "/session/" + id
    }

    deinit {
        _ = try? command("DELETE", session)
        driver.kill()
    }

    // MARK: Looking

    /// Opens `url` and waits until it is loaded.
    public func open(_ url: String) throws(TestSupportError) {
        try command(
            "POST", session + "/url", JSONText.object([("url", JSONText.string(url))]))
    }

    /// Runs the body of a function in the page and gives what it returns; a promise is waited for.
    @discardableResult
    public func run(_ script: String) throws(TestSupportError) -> JSONValue {
        try command(
            "POST", session + "/execute/sync",
            JSONText.object([("script", JSONText.string(script)), ("args", "[]")]))
    }

    /// Waits until the body of a function in the page returns true.
    public func waits(
        within deadline: Duration = .seconds(60), for script: String
    ) throws(TestSupportError) -> Bool {
        let end = ContinuousClock.now + deadline
        while try run(script).flag != true {
            if ContinuousClock.now >= end { return false }
            usleep(50_000)
        }
        return true
    }

    /// What the console of the page said since the last call, with the levels.
    public func console() throws(TestSupportError) -> [(level: String, message: String)] {
        let answer = try command(
            "POST", session + "/se/log", JSONText.object([("type", JSONText.string("browser"))]))
        return (answer.array ?? []).map { entry in
            (entry["level"]?.string ?? "", entry["message"]?.string ?? "")
        }
    }

    /// What the page looks like at the moment, PNG.
    public func screenshot() throws(TestSupportError) -> String {
        try command("GET", session + "/screenshot").string ?? ""
    }

    // MARK: Acting

    /// Types `keys` into what has the focus. Keys without a character are those of WebDriver:
    /// `\u{E004}` is Tab, `\u{E007}` Enter, `\u{E00C}` Escape, `\u{E012}` to `\u{E015}` the arrows
    /// left, up, right and down.
    public func type(_ keys: String) throws(TestSupportError) {
        let actions = keys.unicodeScalars.flatMap { key in
            ["keyDown", "keyUp"].map { kind in
                JSONText.object([
                    ("type", JSONText.string(kind)), ("value", JSONText.string(String(key))),
                ])
            }
        }
        let keyboard = JSONText.object([
            ("type", JSONText.string("key")), ("id", JSONText.string("keyboard")),
            ("actions", JSONText.array(actions)),
        ])
        try command(
            "POST", session + "/actions",
            JSONText.object([("actions", JSONText.array([keyboard]))]))
    }

    /// Makes the page believe that its user likes it `dark` or light, in a window of this size.
    public func appear(dark: Bool, width: Int, height: Int) throws(TestSupportError) {
        let feature = JSONText.object([
            ("name", JSONText.string("prefers-color-scheme")),
            ("value", JSONText.string(dark ? "dark" : "light")),
        ])
        try devTools(
            "Emulation.setEmulatedMedia",
            JSONText.object([("features", JSONText.array([feature]))]))
        try devTools(
            "Emulation.setDeviceMetricsOverride",
            JSONText.object([
                ("width", "\(width)"), ("height", "\(height)"), ("deviceScaleFactor", "1"),
                ("mobile", "false"),
            ]))
    }

    private func devTools(_ name: String, _ parameters: String) throws(TestSupportError) {
        try command(
            "POST", session + "/goog/cdp/execute",
            JSONText.object([("cmd", JSONText.string(name)), ("params", parameters)]))
    }

    // MARK: The protocol

    /// One request; throws what the driver says is wrong.
    @discardableResult
    private func command(
        _ method: String, _ path: String, _ body: String = ""
    ) throws(TestSupportError) -> JSONValue {
        let connection = try LoopbackSocket(connectingTo: port, timeout: 120)
        connection.send(
            ("\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                + body).utf8)
        var answer: [UInt8] = []
        // The driver takes its time to end a connection: the length of the body says where it ends.
        while !Browser.isWhole(answer), connection.receive(into: &answer) {}
        guard let start = LoopbackRequest.endOfHead(answer), let json = JSONValue(answer[start...])
        else { throw TestSupportError("chromedriver gave no whole answer to \(method) \(path)") }
        let value = json["value"] ?? .null
        if let error = value["error"]?.string {
            throw TestSupportError("\(error): \(value["message"]?.string ?? "")")
        }
        return value
    }

    /// Whether an answer has as many bytes as its head says.
    private static func isWhole(_ answer: [UInt8]) -> Bool {
        guard let start = LoopbackRequest.endOfHead(answer) else { return false }
        for line in String(decoding: answer[..<start], as: UTF8.self).split(
            whereSeparator: \.isNewline)
        {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            let digits = parts[1].filter { $0 != " " }
            return answer.count - start >= Int(digits) ?? .max
        }
        return false
    }
}
