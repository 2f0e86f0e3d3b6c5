internal import PuyPuyCore

/// The dead letters of a file, some at a time, each with its series and the name of its backend.
struct SalvagedLetters {
    /// A dead letter.
    struct Letter {
        let stored: StoredLetter
        /// `nil` when it is lost.
        let series: Series?
        let backend: String
    }

    private let remains: SpoolRemains
    private let onlyConfigured: String?
    private var left: ArraySlice<(backend: Int64, place: SpoolRemains.Place)>
    private var seen: Set<Int64> = []

    /// The dead letters of `remains`. Those of a backend whose name is lost go to the one that is
    /// configured, or when there are more, to one that is named after its number.
    init(_ remains: SpoolRemains, configured: [String]) {
        self.remains = remains
        onlyConfigured = configured.count == 1 ? configured[0] : nil
        left = remains.letters[...]
    }

    /// The names of the backends that they are of.
    var owners: Set<String> {
        Set(Set(left.map(\.backend)).map { name($0) })
    }

    /// The next dead letters, at most `limit`; `nil` when there are no more.
    mutating func next(limit: Int) -> [Letter]? {
        guard !left.isEmpty else { return nil }
        var letters: [Letter] = []
        for found in left.prefix(limit) {
            guard let stored = remains.letter(at: found.place),
                seen.insert(stored.number).inserted
            else { continue }
            letters.append(
                Letter(
                    stored: stored, series: remains.series[stored.series],
                    backend: name(stored.backend)))
        }
        left = left.dropFirst(limit)
        return letters
    }

    private func name(_ backend: Int64) -> String {
        remains.owners[backend]?.name ?? onlyConfigured ?? "backend-\(backend)"
    }
}
