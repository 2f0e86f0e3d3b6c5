import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyAgent

/// The dashboards and alerts in `packaging/monitoring`.
@Suite struct MonitoringTests {
    private static let folder = Installation.project + "/packaging/monitoring"
    private static let files = [
        "grafana-influxdb.json", "grafana-prometheus.json", "influxdb-alerts.yml",
        "prometheus-rules.yml",
    ]

    /// The words that look like a metric of PuyPuy's own.
    private func metrics(in text: String) -> Set<String> {
        let words = text.split { !($0 == "_" || $0.isASCII && $0.isLowercase) }
        return Set(words.filter { $0.hasPrefix("puypuy_") }.map(String.init))
    }

    @Test(arguments: files)
    func `a dashboard or an alert names only metrics that exist`(_ file: String) {
        let named = metrics(in: readText(Self.folder + "/" + file))
        let known = metrics(in: readText(Installation.project + "/docs/CHECKS.md"))
        #expect(named.count >= 6)
        #expect(named.subtracting(known) == [])
    }

    @Test func `the metrics of the documentation are those of the code`() {
        let documented = metrics(in: readText(Installation.project + "/docs/CHECKS.md"))
        let sources = [
            "PuyPuyAgent/Daemon/OwnHealthCheck.swift",
            "PuyPuyChecks/Scheduling/RunInProgress.swift",
        ]
        let coded = sources.reduce(into: Set<String>()) {
            $0.formUnion(metrics(in: readText(Installation.project + "/Sources/" + $1)))
        }
        #expect(documented.subtracting(coded) == [])
    }

    @Test(arguments: files.filter { $0.hasSuffix(".json") })
    func `a dashboard is JSON, and each panel has queries with names of their own`(
        _ file: String
    ) throws {
        let json = try #require(JSONValue(try readBytes(Self.folder + "/" + file)))
        let panels = try #require(json["panels"]?.array)
        #expect(panels.count >= 10)
        for panel in panels {
            let names = try #require(panel["targets"]?.array).compactMap { $0["refId"]?.string }
            #expect(!names.isEmpty && Set(names).count == names.count)
        }
    }

    @Test func `promtool is content with the rules`() throws {
        let log = try TemporaryDirectory()
        let tool = try ChildProcess(
            "/usr/bin/promtool", ["check", "rules", Self.folder + "/prometheus-rules.yml"],
            log: log.path + "/log")
        #expect(tool.waitForEnd(within: .seconds(60)))
        #expect(tool.exitCode == 0, "\(readText(log.path + "/log"))")
    }
}
