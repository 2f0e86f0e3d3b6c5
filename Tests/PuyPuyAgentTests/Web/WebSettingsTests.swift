import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct WebSettingsTests {
    @Test(arguments: [
        ("127.0.0.1:8091", "127.0.0.1", 8091), ("0.0.0.0", "0.0.0.0", 9898),
        (":8080", "0.0.0.0", 8080), ("*:8080", "0.0.0.0", 8080), ("[::1]:80", "::1", 80),
        ("[fd00::1]", "fd00::1", 9898), ("::", "::", 9898), ("web1.example:1", "web1.example", 1),
        ("localhost", "localhost", 9898), ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ])
    func `an address to listen on is understood`(_ text: String, _ host: String, _ port: Int) {
        let parsed = WebSettings.parse(text)
        #expect(parsed?.host == host && parsed?.port == port)
    }

    @Test(arguments: [
        "http://127.0.0.1:80", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
        "[::1", "[::1]x", "[127.0.0.1]:1", "a b:1", "a/b",
    ])
    func `what is none is refused`(_ text: String) { #expect(WebSettings.parse(text) == nil) }

    @Test func `the web server is off when nothing is said`() throws {
        let folder = try TemporaryDirectory()
        let (settings, _) = try folder.load("")
        #expect(try #require(settings).web == WebSettings())
        #expect(!WebSettings().isEnabled)
    }

    @Test func `the keys of existing configurations are understood`() throws {
        let (settings, problems) = try TemporaryDirectory().load(
            """
            [WebServer]
            webserver: True
            webaddress: 0.0.0.0:8091
            allowedip: 127.0.0.1, 10.0.0.0/8
            apikey: geheim
            """)
        let web = try #require(settings).web
        #expect(problems.filter { $0.section == "WebServer" } == [])
        #expect(web.isEnabled && web.host == "0.0.0.0" && web.port == 8091)
        #expect(web.allowed?.contains("10.1.1.1") == true && web.apiKey == "geheim")
        let shown = try #require(settings).effective.filter { $0.section == "WebServer" }
        #expect(shown.contains { $0.key == "apikey" && $0.text == SecretText.mask })
        #expect(!shown.contains { $0.text.contains("geheim") })
    }

    @Test func `the key can come from a file or the environment`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("key", "from the file\n")
        let (file, _) = try folder.load("[WebServer]\napikey_file: key")
        #expect(try #require(file).web.apiKey == "from the file")
        let (variable, _) = try folder.load(
            "[WebServer]\napikey: ${KEY}", environment: ["KEY": "from outside"])
        #expect(try #require(variable).web.apiKey == "from outside")
    }

    @Test(arguments: [
        ("webaddress: 0.0.0.0:1", true), ("webaddress: 0.0.0.0:1\napikey: k", false),
        ("webaddress: 0.0.0.0:1\nallowedip: 10.0.0.0/8", false), ("webaddress: 127.0.0.1:1", false),
        ("webaddress: [::1]:1", false), ("webaddress: localhost:1", false),
        ("webaddress: [::]:1", true),
    ])
    func `a server that is open to everybody is warned about`(
        _ keys: String, _ isWarned: Bool
    ) throws {
        let (_, problems) = try TemporaryDirectory().load("[WebServer]\nwebserver: yes\n" + keys)
        #expect(
            problems.contains { $0.severity == .warning && $0.key == "webaddress" } == isWarned)
    }
}
