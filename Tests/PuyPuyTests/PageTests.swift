import PuyPuyCore
import TestSupport
import Testing

/// The page of the real program, in a real Chromium.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PageTests {
    private static let checks = ["cpustats", "memory", "load_average", "network_bytes", "puypuy"]

    /// A daemon that runs, and a browser that shows its page.
    private func shown(
        _ more: String = "[TSDB]\ntsdtype: Local\n", web: String = "", checks: [String] = checks,
        scripts: [String: String] = [:], release: Bool = false
    ) throws -> (puypuy: Installation, browser: Browser, url: String) {
        let port = try LoopbackClient.freePort()
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 1
                hostname: page.example
                \(more)
                [WebServer]
                webserver: yes
                webaddress: 127.0.0.1:\(port)
                \(web)
                """, checks: checks, scripts: scripts)
        if release, let program = Installation.releaseProgram { puypuy.program = program }
        try puypuy.start()
        #expect(
            eventually {
                (try? LoopbackRequest("GET", "/healthz", port: port))?.status == 200
            }, "\(puypuy.log)")
        let browser = try Browser()
        let url = "http://127.0.0.1:\(port)/"
        try browser.open(url)
        return (puypuy, browser, url)
    }

    private static let isOpen = "return !document.getElementById('content').hidden"

    private func text(_ id: String, includes words: String) -> String {
        "return document.getElementById('\(id)').textContent.includes('\(words)')"
    }

    /// How many pixels of the chart have the color of the first series.
    private static let pixels = """
        const canvas = document.getElementById('canvas');
        const probe = document.createElement('canvas').getContext('2d');
        probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--s0').trim();
        probe.fillRect(0, 0, 1, 1);
        const wanted = probe.getImageData(0, 0, 1, 1).data;
        if (!canvas.width || !canvas.height) return -1;
        const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let count = 0;
        for (let at = 0; at < all.length; at += 4) {
          const isNear = (part) => Math.abs(all[at + part] - wanted[part]) < 12;
          if (all[at + 3] > 200 && [0, 1, 2].every(isNear)) count += 1;
        }
        return count;
        """

    /// What the console of the page says, but for its advice about looking at pixels as this test does.
    private func said(_ browser: Browser) throws -> [String] {
        try browser.console().filter { !$0.message.contains("willReadFrequently") }
            .map { "\($0.level) \($0.message)" }
    }

    // MARK: What it shows

    @Test func `the page loads without a word on the console and draws cpu_load`() throws {
        let (puypuy, browser, _) = try shown()
        #expect(try browser.waits(for: Self.isOpen), "\(puypuy.log)")
        #expect(try browser.waits(for: text("legend", includes: "cpu_load core=all")))
        // A line, not only a dot: it grows without a reload.
        #expect(
            try browser.waits(for: "return (() => {\(Self.pixels)})() > 20"),
            "\(puypuy.log)")
        try browser.run("document.querySelector('#legend button').click()")
        #expect(try browser.run(Self.pixels).integer == 0)
        let shown = try browser.run("return document.body.innerText").string ?? ""
        for word in ["page.example", "cpustats", "Local", "balance", "of at most 2.1 GB"] {
            #expect(shown.contains(word), "\(word) in \(shown)")
        }
        #expect(try said(browser).isEmpty)
        #expect(puypuy.stop() == 0)
    }

    @Test func `an outage of a backend turns its state, and its return turns it back`() throws {
        let server = try InfluxServer.started()
        let proxy = try FaultProxy(to: server.port)
        let (puypuy, browser, _) = try shown(
            "[TSDB:influx]\ntsdtype: InfluxDB\naddress: \(proxy.url)\ndatabase: puypuy\n")
        func waits(_ health: String, _ state: String) throws -> Bool {
            try browser.waits(
                for: """
                    const row = document.querySelector('#backends tr[data-key="influx"]');
                    return document.getElementById('health').textContent === '\(health)'
                      && row.textContent.includes('\(state)')
                    """)
        }
        #expect(try browser.waits(for: Self.isOpen), "\(puypuy.log)")
        try browser.run("window.isTheSame = true")
        #expect(try waits("healthy", "flowing"), "\(puypuy.log)")
        try proxy.set(.refuses)
        #expect(try waits("degraded", "backing off"), "\(puypuy.log)")
        let reasons = try browser.run("return document.getElementById('reasons').innerText")
        #expect(reasons.string?.contains("Backend influx is backing off") == true)
        try proxy.set(.none)
        #expect(try waits("healthy", "flowing"), "\(puypuy.log)")
        #expect(try browser.run("return document.getElementById('reasons').innerText").string == "")
        #expect(try browser.run("return window.isTheSame === true").flag == true)
        #expect(try said(browser).isEmpty)
    }

    @Test func `a backend that holds and a check that fails say why and what to do`() throws {
        let server = try InfluxServer.started(databases: [])
        let (puypuy, browser, _) = try shown(
            "[TSDB:influx]\ntsdtype: InfluxDB\naddress: \(server.url)\ndatabase: nowhere\n",
            scripts: ["check_broken.sh": "#!/bin/sh\necho '<b>no</b> queue' >&2\nexit 3\n"])
        #expect(try browser.waits(for: Self.isOpen), "\(puypuy.log)")
        let words = "return document.getElementById('reasons').innerText"
        #expect(
            try browser.waits(
                for: """
                    const words = document.getElementById('reasons').innerText;
                    return words.includes('influx holds') && words.includes('Check broken fails')
                    """), "\(puypuy.log)")
        let reasons = try browser.run(words).string ?? ""
        #expect(reasons.contains("database not found") && reasons.contains("CREATE DATABASE"))
        // Words of others are words, never elements.
        #expect(try browser.run("return document.querySelectorAll('main b').length").integer == 0)
        #expect(
            try browser.run("return document.getElementById('health').textContent").string
                == "needs attention")
    }

    // MARK: Many series

    /// Sets the search to one word after the other, and gives the time from each to what it found, in
    /// milliseconds.
    private static let searches = """
        return (async () => {
          const input = document.getElementById('search');
          const words = document.getElementById('found-words');
          const times = [];
          const all = ['_1', '_12', '_123', '_1234', '_4', '_49', '_499', 'k=v', '_2', 'generated'];
          for (const word of all) {
            const start = performance.now();
            const done = new Promise((resolve) => {
              const watch = new MutationObserver(() => {
                watch.disconnect();
                requestAnimationFrame(() => setTimeout(resolve));
              });
              watch.observe(words, { childList: true, characterData: true, subtree: true });
            });
            input.value = word;
            input.dispatchEvent(new Event('input', { bubbles: true }));
            await done;
            times.push(performance.now() - start);
          }
          return times;
        })();
        """

    @Test func `with five thousand series a search finds one at once, also by keyboard`() throws {
        let script = """
            #!/bin/sh
            i=0
            while [ $i -lt 5000 ]; do echo "generated_$i $i test stack k=v$i"; i=$((i+1)); done
            """
        let (puypuy, browser, _) = try shown(
            checks: ["cpustats"], scripts: ["check_many.sh": script], release: true)
        #expect(try browser.waits(for: Self.isOpen), "\(puypuy.log)")
        #expect(
            try browser.waits(
                for: """
                    const words = document.getElementById('tile-series').textContent;
                    return Number(words.replace(/\\D/g, '')) > 5000
                    """), "\(puypuy.log)")

        try browser.run("document.activeElement.blur()")
        try browser.type("/generated_4321")
        let first = "document.querySelector('#found button')"
        #expect(
            try browser.waits(
                for: """
                    return document.querySelectorAll('#found li').length === 1
                      && \(first).textContent.startsWith('generated_4321')
                    """))
        try browser.type("\u{E015}\u{E007}")
        #expect(try browser.run("return \(first).getAttribute('aria-pressed')").string == "true")
        #expect(
            try browser.run(
                """
                return document.activeElement === \(first)
                  && getComputedStyle(\(first)).outlineStyle !== 'none'
                """
            ).flag == true)
        #expect(
            try browser.waits(for: text("legend", includes: "generated_4321 k=v43214321")),
            "\(puypuy.log)")

        let times = try #require(try browser.run(Self.searches).array).compactMap(\.double)
        #expect(times.count == 10)
        // The machine may be busy with other tests; the page is not slower than its best.
        #expect(try #require(times.min()) < 200, "\(times)")
        // What it costs to show does not grow with the series.
        let rows = try browser.run("return document.querySelectorAll('#found li').length").integer
        #expect(rows == 100)
        let elements = try browser.run("return document.querySelectorAll('*').length").integer
        #expect(try #require(elements) < 1_500)
        let toggle = """
            return (async () => {
              const times = [];
              for (const button of [...document.querySelectorAll('#found button')].slice(0, 8)) {
                const start = performance.now();
                button.click();
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                times.push(performance.now() - start);
              }
              return times;
            })();
            """
        let toggles = try #require(try browser.run(toggle).array).compactMap(\.double)
        #expect(try #require(toggles.min()) < 200, "\(toggles)")
        #expect(try said(browser).isEmpty)
    }

    // MARK: Access, silence

    @Test func `the key is asked for, a wrong one refused, and the right one kept`() throws {
        let (puypuy, browser, url) = try shown(web: "apikey: geheim")
        let asks = """
            return !document.getElementById('key').hidden
              && document.activeElement.id === 'key-input'
            """
        #expect(try browser.waits(for: asks), "\(puypuy.log)")
        #expect(try browser.run(Self.isOpen).flag == false)
        try browser.type("falsch\u{E007}")
        #expect(try browser.waits(for: text("key-words", includes: "The key is wrong.")))
        try browser.run("document.getElementById('key-input').value = ''")
        try browser.type("geheim\u{E007}")
        #expect(try browser.waits(for: Self.isOpen))
        #expect(try browser.run("return document.getElementById('key').hidden").flag == true)
        try browser.open(url)
        #expect(try browser.waits(for: Self.isOpen))
        #expect(try browser.run("return document.getElementById('key').hidden").flag == true)
        #expect(try browser.run("return location.href.includes('geheim')").flag == false)
        #expect(puypuy.stop() == 0 && !puypuy.log.contains("geheim"))
    }

    @Test func `it says when the daemon does not answer, and goes on when it does`() throws {
        let (puypuy, browser, _) = try shown()
        #expect(try browser.waits(for: Self.isOpen), "\(puypuy.log)")
        puypuy.kill()
        #expect(
            try browser.waits(
                for: """
                    const words = document.getElementById('silence-words').textContent;
                    return !document.getElementById('silence').hidden
                      && words.includes('does not answer since')
                      && document.getElementById('health').textContent === 'no answer'
                    """))
        // What was there stays to be read.
        #expect(try browser.run(Self.isOpen).flag == true)
        try puypuy.start()
        #expect(
            try browser.waits(
                for: """
                    return document.getElementById('silence').hidden
                      && document.getElementById('health').textContent === 'healthy'
                    """), "\(puypuy.log)")
    }

    @Test func `a page that nobody sees asks for nothing, and at once when it is seen again`()
        throws
    {
        let (puypuy, browser, _) = try shown()
        #expect(try browser.waits(for: Self.isOpen), "\(puypuy.log)")
        let requests = "performance.getEntriesByType('resource').length"
        try browser.run(
            """
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
            document.dispatchEvent(new Event('visibilitychange'));
            """)
        // What was under way ends, one request after the other.
        #expect(
            try browser.waits(
                for: """
                    if (window.seen !== \(requests)) {
                      window.seen = \(requests);
                      window.since = performance.now();
                    }
                    return performance.now() - window.since > 2000
                    """))
        let isAsked = "return \(requests) > window.seen"
        #expect(try !browser.waits(within: .seconds(4), for: isAsked))
        try browser.run(
            "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        #expect(try browser.waits(for: isAsked))
    }

    // MARK: For everybody

    @Test func `text has contrast, controls have names, nothing is cut off, in both schemes`()
        throws
    {
        // One that is down, so that there is something to say.
        let (puypuy, browser, _) = try shown(
            "[TSDB:far]\ntsdtype: InfluxDB\naddress: http://127.0.0.1:1\ndatabase: a\n")
        #expect(
            try browser.waits(
                for: """
                    return document.getElementById('health').textContent === 'degraded'
                      && document.querySelectorAll('#legend tr').length === 1
                    """), "\(puypuy.log)")
        let audit = readText(Installation.project + "/Tests/PuyPuyTests/PageAudit.js")
        for dark in [false, true] {
            for (width, height) in [(1_280, 900), (390, 844), (320, 640)] {
                try browser.appear(dark: dark, width: width, height: height)
                let found = try browser.run(audit).array?.compactMap(\.string)
                #expect(found == [], "dark \(dark), \(width) wide")
            }
            try browser.run(
                """
                for (const id of ['silence', 'key']) {
                  document.getElementById(id).hidden = false;
                  document.getElementById(id + '-words').textContent = 'words';
                }
                """)
            #expect(try browser.run(audit).array?.compactMap(\.string) == [])
        }
        // The audit itself finds what is wrong.
        try browser.run(
            """
            const faint = document.createElement('p');
            faint.textContent = 'faint';
            faint.style.color = 'rgb(90, 95, 100)';
            faint.style.background = 'rgb(60, 60, 60)';
            const nameless = document.createElement('button');
            const wide = document.createElement('div');
            wide.style.width = '2000px';
            wide.style.height = '1px';
            document.body.append(faint, nameless, wide);
            """)
        let planted = try #require(try browser.run(audit).array?.compactMap(\.string))
        for word in ["contrast", "no name", "wider"] {
            #expect(planted.contains { $0.contains(word) }, "\(word) in \(planted)")
        }
    }
}
