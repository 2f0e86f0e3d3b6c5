import PuyPuyChecks
import PuyPuyCore
import PuyPuySpool
import Testing

@testable import PuyPuyAgent

@Suite struct WebRouterTests {
    private func router(_ stub: StubSource = StubSource(), allowed: String = "", key: String? = nil)
        throws
        -> WebRouter
    {
        var settings = WebSettings()
        settings.allowed = allowed.isEmpty ? nil : try AddressSet(allowed)
        settings.apiKey = key
        return WebRouter(access: WebAccess(settings), source: stub)
    }

    private func request(
        _ method: String = "GET", _ path: String, from: WebRequest.Origin? = nil,
        key: String? = nil, authorization: String? = nil, encoding: String? = nil,
        query: String = ""
    ) -> WebRequest {
        WebRequest(
            origin: from ?? .network(address: "10.0.0.1"), method: method, path: path,
            query: query, apiKey: key, authorization: authorization, acceptEncoding: encoding)
    }

    private func text(_ answer: WebAnswer) -> String {
        String(decoding: answer.body, as: UTF8.self)
    }

    @Test(arguments: [
        "/", "/page.js", "/page.css", "/chart.js", "/page.svg", "/healthz", "/readyz", "/metrics",
        "/metrics/", "/api/v1/status", "/api/v1/backends", "/api/v1/checks", "/api/v1/ledger",
        "/api/v1/spool", "/api/v1/series",
    ])
    func `what is there is answered`(_ path: String) async throws {
        let router = try router()
        #expect(await router.answer(request("GET", path)).status == 200)
        #expect(await router.answer(request("HEAD", path)).status == 200)
    }

    @Test(arguments: [
        "/page.html", "/page.js/x", "/../page.js", "/nothing", "/metrics/x", "/api/v2/status",
        "/api/v1/backends/x/drop", "/api/v1",
    ])
    func `what is not there is 404, with what there is`(_ path: String) async throws {
        let answer = try await router().answer(request("GET", path))
        #expect(answer.status == 404 && text(answer).contains("/metrics"))
    }

    @Test func `only the control socket reloads, and hears what came of it`() async throws {
        let refused = try await router().answer(request("POST", "/api/v1/reload"))
        #expect(refused.status == 403 && text(refused).contains("puypuy reload"))
        #expect(
            try await router().answer(request("GET", "/api/v1/reload", from: .control)).status
                == 405)
        for words in [nil, "the configuration cannot be used"] {
            let answer = try await router(StubSource(words: words))
                .answer(request("POST", "/api/v1/reload", from: .control))
            #expect(answer.status == 200)
            let json = try #require(JSONValue(answer.body))
            #expect(try #require(ReloadResult(json)).refusal == words)
        }
    }

    @Test(arguments: ["metrics", "*", "/%zz", "/%", "/%ff"])
    func `a path that cannot be read is 400`(_ path: String) async throws {
        #expect(try await router().answer(request("GET", path)).status == 400)
    }

    @Test(arguments: [
        ("POST", "/metrics", "GET, HEAD"), ("DELETE", "/api/v1/backends", "GET, HEAD"),
        ("GET", "/api/v1/backends/x/retry", "POST"),
    ])
    func `a method that a path does not take is 405, with those that it takes`(
        _ method: String, _ path: String, _ allow: String
    ) async throws {
        let answer = try await router().answer(request(method, path))
        #expect(answer.status == 405 && answer.headers["Allow"] == allow)
    }

    @Test func `an address that is not allowed gets nothing at all`() async throws {
        let router = try router(allowed: "127.0.0.1", key: "k")
        for path in ["/healthz", "/metrics", "/nothing"] {
            let answer = await router.answer(request("GET", path, key: "k"))
            #expect(answer.status == 403 && text(answer).contains("10.0.0.1"))
        }
        let local = WebRequest.Origin.network(address: "127.0.0.1")
        #expect(
            await router.answer(request("GET", "/metrics", from: local, key: "k")).status == 200)
    }

    @Test func `without the key only the state of health is told`() async throws {
        let router = try router(key: "geheim")
        #expect(await router.answer(request("GET", "/healthz")).status == 200)
        #expect(await router.answer(request("GET", "/readyz")).status == 200)
        // The files of the page hold no data, and ask for the key themselves.
        for path in PageFile.allCases.map({ "/" + $0.rawValue }) {
            #expect(await router.answer(request("GET", path)).status == 200)
        }
        for path in [
            "/metrics", "/api/v1/status", "/api/v1/backends", "/api/v1/checks", "/api/v1/ledger",
            "/api/v1/spool", "/api/v1/series", "/api/v1/points", "/nothing",
        ] {
            let missing = await router.answer(request("GET", path))
            #expect(missing.status == 401 && text(missing).contains("missing"))
            #expect(missing.headers["WWW-Authenticate"] != nil)
            for wrong in ["", "gehei", "geheim2", "GEHEIM", "gehein"] {
                let answer = await router.answer(request("GET", path, key: wrong))
                #expect(answer.status == 401 && text(answer).contains("wrong"))
            }
        }
    }

    @Test func `the key is taken from either header`() async throws {
        let router = try router(key: "geheim")
        func status(_ authorization: String) async -> Int {
            await router.answer(request("GET", "/metrics", authorization: authorization)).status
        }
        #expect(await router.answer(request("GET", "/metrics", key: "geheim")).status == 200)
        for text in ["Bearer geheim", "bearer geheim"] { #expect(await status(text) == 200) }
        for text in ["Basic geheim", "geheim", "Bearer", "Bearer x"] {
            #expect(await status(text) == 401)
        }
    }

    @Test func `only the control socket may change something`() async throws {
        let router = try router(key: "k")
        for path in ["/api/v1/backends/x/forget", "/api/v1/backends/a%20b/retry"] {
            let answer = await router.answer(request("POST", path, key: "k"))
            #expect(answer.status == 403 && answer.contentType == "application/json")
            #expect(await router.answer(request("POST", path, from: .control)).status == 200)
        }
    }

    @Test func `the page loads nothing from elsewhere, and no other page frames it`() async throws {
        let answer = try await router().answer(request("GET", "/"))
        let policy = try #require(answer.headers["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe") && !policy.contains("http"))
        #expect(answer.contentType == "text/html; charset=utf-8")
        for path in PageFile.allCases.map({ "/" + $0.rawValue }) {
            let words = text(try await router().answer(request("GET", path)))
            let outside = words.replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!outside.contains("://"), "\(path)")
            #expect(!words.contains("<script>") && !words.contains(" style=\""), "\(path)")
            #expect(!words.contains(" onclick=") && !words.contains("innerHTML"), "\(path)")
        }
    }

    @Test func `series and points are answered as they were asked for`() async throws {
        let router = try router()
        let series = await router.answer(
            request("GET", "/api/v1/series", query: "match=cpu&limit=7"))
        #expect(text(series) == #"{"limit":7}"# + "\n")
        let points = await router.answer(
            request("GET", "/api/v1/points", query: "metric=a&step=2.5"))
        #expect(text(points) == #"{"step":2500000000}"# + "\n")
    }

    @Test(arguments: [
        ("/api/v1/points", "", "metric"), ("/api/v1/points", "metric=a&step=0", "step"),
        ("/api/v1/series", "limit=many", "limit"), ("/api/v1/series", "q=cpu", "q"),
    ])
    func `a parameter that cannot be used is 400, and named`(
        _ path: String, _ query: String, _ name: String
    ) async throws {
        let answer = try await router().answer(request("GET", path, query: query))
        #expect(answer.status == 400 && answer.contentType == "application/json")
        let json = try #require(JSONValue(answer.body))
        #expect(json["parameter"]?.string == name)
        #expect(json["error"]?.string?.hasPrefix(name + ": ") == true)
    }

    private func dead(
        _ path: String, _ body: String, from origin: WebRequest.Origin? = .control
    ) async throws -> WebAnswer {
        var asked = request("POST", "/api/v1/dead/" + path, from: origin, key: "k")
        asked.body = Array(body.utf8)
        return await (try router(key: "k")).answer(asked)
    }

    @Test(arguments: ["retry", "discard"])
    func `dead letters are settled for the control socket alone`(_ action: String) async throws {
        let part = #"{"backend":"b","metric":"m*","after":3,"last":9}"#
        #expect(text(try await dead(action, part)) == #"{"letters":9,"after":4}"# + "\n")
        let all = try await dead(action, #"{"backend":"b","metric":null,"last":5}"#)
        #expect(text(all) == #"{"letters":5,"after":null}"# + "\n")
        #expect(try await dead(action, part, from: nil).status == 403)
        #expect(try await dead(action, #"{"backend":"a"}"#).status == 409)
        let get = await (try router()).answer(
            request("GET", "/api/v1/dead/" + action, from: .control))
        #expect(get.status == 405)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"backend":1}"#, #"{"backend":"b","metric":2}"#,
        #"{"backend":"b","after":"x"}"#, #"{"backend":"b","last":1.5}"#,
        #"{"backend":"b","all":1}"#,
    ])
    func `a body that does not say which dead letters settles none`(_ body: String) async throws {
        #expect(try await dead("discard", body).status == 400)
    }

    private func salvage(
        _ body: String, from origin: WebRequest.Origin? = .control
    ) async throws -> WebAnswer {
        var asked = request("POST", "/api/v1/salvage", from: origin, key: "k")
        asked.body = Array(body.utf8)
        return await (try router(key: "k")).answer(asked)
    }

    @Test func `a salvage is begun and told of for the control socket alone`() async throws {
        let body = #"{"file":"/a/b"}"#
        #expect(try await salvage(body).status == 202)
        #expect(try await salvage(body, from: nil).status == 403)
        #expect(try await salvage(#"{"file":"/busy"}"#).status == 409)
        for wrong in ["", "{}", "[]", #"{"file":"relative"}"#, #"{"file":1}"#] {
            #expect(try await salvage(wrong).status == 400)
        }
        let asked = request("GET", "/api/v1/salvage", from: .control)
        #expect(await (try router()).answer(asked).status == 404)
        let state = await (try router(StubSource(words: "half"))).answer(asked)
        #expect(text(state) == #"{"words":"half"}"# + "\n")
        let network = request("GET", "/api/v1/salvage", key: "k")
        #expect(await (try router(key: "k")).answer(network).status == 403)
    }

    private func nag(
        _ router: WebRouter, _ body: String, key: String? = "k", from: WebRequest.Origin? = nil
    ) async -> WebAnswer {
        var asked = request("POST", "/nag", from: from, key: key)
        asked.body = Array(body.utf8)
        return await router.answer(asked)
    }

    @Test func `a plugin is run and its state is told`() async throws {
        let router = try router(key: "k")
        #expect(
            text(await nag(router, #"{"echo": ""}"#)) == #"{"OK":"configured"}"# + "\n")
        let quoted = text(await nag(router, #"{"echo": "a 'b  c' $HOME; id | cat"}"#))
        #expect(quoted == #"{"OK":"a b c $HOME; id"}"# + "\n")
        let other = await nag(router, #"{"/bin/sh": "-c id"}"#)
        #expect(other.status == 200 && text(other).hasPrefix(#"{"UNKNOWN":"#))
        #expect(text(other).contains("[Nagios] has no plugin called"))
    }

    @Test func `plugins are run for nobody without a key, and only for a body that says which`()
        async throws
    {
        #expect(await nag(try router(), #"{"echo": ""}"#, key: nil).status == 403)
        #expect(await nag(try router(), #"{"echo": ""}"#, from: .control).status == 200)
        let router = try router(key: "k")
        #expect(await nag(router, #"{"echo": ""}"#, key: nil).status == 401)
        #expect(await nag(router, #"{"echo": ""}"#, key: "x").status == 401)
        for body in ["", "[]", "{}", #"{"echo": 1}"#, #"{"echo": "", "b": ""}"#, "echo"] {
            #expect(await nag(router, body).status == 400, "\(body)")
        }
        #expect(await nag(router, #"{"busy": ""}"#).status == 503)
        #expect(await router.answer(request("GET", "/nag", key: "k")).status == 405)
    }

    @Test func `what the daemon refuses is told in its words`() async throws {
        let router = try router()
        let forget = await router.answer(
            request("POST", "/api/v1/backends/a/forget", from: .control))
        #expect(forget.status == 409)
        #expect(JSONValue(forget.body)?["error"]?.string == "\(StubSource.Trouble())")
        let retry = await router.answer(
            request("POST", "/api/v1/backends/nobody/retry", from: .control))
        #expect(retry.status == 404)
    }

    @Test func `a daemon that cannot commit is not ready, and only who has the key is told why`()
        async throws
    {
        let router = try router(StubSource(words: "disk full at /secret/path"), key: "k")
        let anonymous = await router.answer(request("GET", "/readyz"))
        #expect(anonymous.status == 503 && !text(anonymous).contains("secret"))
        let known = await router.answer(request("GET", "/readyz", key: "k"))
        #expect(text(known).contains("disk full"))
        #expect(await router.answer(request("GET", "/healthz")).status == 200)
    }

    @Test(arguments: [
        ("gzip", true), ("deflate, GZIP;q=0.5", true), ("*", true), ("gzip;q=0", false),
        ("gzip; q=0.0", false), ("identity", false), ("", false), (nil, false),
    ])
    func `the text is compressed for who takes gzip`(
        _ encoding: String?, _ isCompressed: Bool
    ) async throws {
        let long = String(repeating: "metric 1\n", count: 1_000)
        let answer = try await router(StubSource(text: long)).answer(
            request("GET", "/metrics", encoding: encoding))
        #expect((answer.headers["Content-Encoding"] == "gzip") == isCompressed)
        #expect((answer.body.count < 1_000) == isCompressed)
        #expect(answer.headers["Vary"] == "Accept-Encoding")
    }
}
