import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct PrometheusNamesTests {
    @Test(arguments: [
        ("cpu_load", "cpu_load"), ("_a", "_a"), ("a:b", "a:b"), ("A9", "A9"),
        ("disk.used", "U__disk_2e_used"), ("a b", "U__a_20_b"), ("9a", "U___39_a"),
        ("größe", "U__gr_f6__df_e"), ("😀", "U___1f600_"), ("a_b-c", "U__a__b_2d_c"),
        ("U__a_2e_b", "U__U____a__2e__b"), ("U_a", "U_a"), ("__name__", "__name__"),
        ("a\0", "U__a_0_"), ("", "U__"),
    ]) func `a metric is written in the characters of Prometheus`(name: String, written: String) {
        #expect(PrometheusNames.metric(name) == written)
    }

    @Test(arguments: [
        ("host", "host"), ("a:b", "U__a_3a_b"), ("__name__", "U______name____"),
        ("__x", "U______x"), ("_x", "_x"), ("mount point", "U__mount_20_point"),
    ]) func `a tag's key is written in the characters of labels`(key: String, written: String) {
        #expect(PrometheusNames.label(key) == written)
    }

    /// Reads an escaped name back: what it came from can be only one.
    static func original(_ written: String) -> String? {
        guard written.hasPrefix("U__") else { return written }
        var rest = written.dropFirst(3)
        var name = String.UnicodeScalarView()
        while let first = rest.popFirst() {
            guard first == "_" else {
                name.append(contentsOf: first.unicodeScalars)
                continue
            }
            let word = rest.prefix { $0 != "_" }
            rest = rest.dropFirst(word.count)
            guard rest.popFirst() == "_" else { return nil }
            if word.isEmpty {
                name.append("_")
            } else {
                guard let code = UInt32(word, radix: 16), let scalar = Unicode.Scalar(code) else {
                    return nil
                }
                name.append(scalar)
            }
        }
        return String(name)
    }

    @Test(arguments: 1...3) func `no two names become one`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let letters: [Unicode.Scalar] = [
            "_", "U", "2", "e", "a", ".", ":", " ", "é", "-", "0", "\u{301}", "5", "f",
        ]
        for _ in 0..<20_000 {
            var scalars = String.UnicodeScalarView()
            if Bool.random(using: &generator) { scalars.append(contentsOf: "U__".unicodeScalars) }
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                scalars.append(letters.randomElement(using: &generator)!)
            }
            let name = String(scalars)
            for written in [PrometheusNames.metric(name), PrometheusNames.label(name)] {
                let back = Self.original(written)
                #expect(back.map { Array($0.utf8) } == Array(name.utf8), "\(written)")
            }
        }
    }
}
