import PuyPuyBackends
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct CredentialsReaderTests {
    @Test(arguments: [
        ("user: u\npass: p", Credentials.basic(user: "u", password: "p")),
        ("auth: yes\nuser: u\npass: p", .basic(user: "u", password: "p")),
        ("auth: FALSE\nuser: user\npass: pass", .none),
        ("token: t", .token("t")), ("auth: True\ntoken: t", .token("t")),
        ("address: http://a:b@h:1", .basic(user: "a", password: "b")),
        ("auth: no\naddress: http://a:b@h:1", .none),
        ("user: u\npass: ${SECRET}", .basic(user: "u", password: "from $ outside")),
    ])
    func `credentials are what stands there`(_ keys: String, _ expected: Credentials) throws {
        let loaded = try TemporaryDirectory().loadInflux(
            keys, environment: ["SECRET": "from $ outside"])
        #expect(loaded.problems == [])
        #expect(try #require(loaded.settings).backends[0].credentials == expected)
    }

    @Test(arguments: ["geheim", "geheim\n", "geheim\r\n"])
    func `a secret can be in a file`(_ text: String) throws {
        let folder = try TemporaryDirectory()
        try folder.write("secrets/password", text)
        let loaded = try folder.loadInflux("user: u\npass_file: secrets/password")
        #expect(loaded.problems == [])
        #expect(
            try #require(loaded.settings).backends[0].credentials
                == .basic(user: "u", password: "geheim"))
    }

    @Test func `a secret that everybody can read is warned of`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("token", "t\n", mode: 0o644)
        let loaded = try folder.loadInflux("token_file: token")
        #expect(
            loaded.problems.lines == [
                "config.ini:5: warning: [TSDB] token_file: \"\(path)\": readable by every user of "
                    + "the host; chmod o-r \(path)"
            ])
        #expect(loaded.settings?.backends[0].credentials == .token("t"))
    }

    @Test(arguments: [
        ("user: u\npass: p", ["config.ini:6: warning: [TSDB] pass: "]),
        (
            "token: t",
            [
                "config.ini:5: warning: [TSDB] token: "
            ]
        ),
        ("user: u\npass: ${SECRET}", []), ("auth: no\nuser: user\npass: pass", []),
    ])
    func `a secret in a configuration that everybody can read is warned of`(
        _ keys: String, _ warnings: [String]
    ) throws {
        let folder = try TemporaryDirectory()
        let loaded = try folder.loadInflux(keys, environment: ["SECRET": "s"], mode: 0o644)
        #expect(loaded.problems.count == warnings.count, "\(loaded.problems.lines)")
        for (line, start) in zip(loaded.problems.lines, warnings) {
            #expect(line.hasPrefix(start + "a secret in a file that every user"), "\(line)")
        }
        #expect(loaded.settings != nil)
    }

    @Test(arguments: ["", "\n", "a\nb\n", "a\u{1b}b"])
    func `a file that holds no secret is an error`(_ text: String) throws {
        let folder = try TemporaryDirectory()
        try folder.write("token", text)
        let loaded = try folder.loadInflux("auth: yes\ntoken_file: token")
        #expect(loaded.settings == nil)
        #expect(loaded.problems.count == 1)
        #expect(loaded.problems.first?.key == "token_file")
    }

    @Test func `no problem shows a secret`() throws {
        let loaded = try TemporaryDirectory().loadInflux(
            "pass: geheim\n    geheim\ntoken: geheim ; geheim\nproxy: x://a:geheim@h\n"
                + "address: http://a:geheim@h:99999")
        #expect(loaded.problems.count >= 3)
        #expect(!loaded.problems.lines.joined().contains("geheim"))
    }
}
