internal import PuyPuyCore
public import PuyPuySpool

// As the control socket carries it, and as programs read it.
extension Salvage {
    /// The members of an object, with JSON for values.
    public var members: [(String, String)] {
        [
            ("complete", "\(isComplete)"),
            ("batches", "\(batches.number)"), ("points", "\(batches.points)"),
            ("known_batches", "\(known.number)"), ("known_points", "\(known.points)"),
            ("damaged_batch_count", "\(damaged.number)"), ("damaged_points", "\(damaged.points)"),
            ("damaged_batches", JSONText.array(lostBatches.map(\.json))),
            ("points_without_series", "\(pointsWithoutSeries)"),
            ("missing_series", "\(missingSeries)"),
            ("dead_letters", "\(letters)"), ("known_dead_letters", "\(knownLetters)"),
            ("lost_dead_letters", "\(lostLetters)"), ("counters", "\(counters)"),
            ("backend_names_lost", "\(namesAreLost)"),
            ("backends", JSONText.array(backends.map(\.json))),
        ]
    }

    /// An object of ``members``.
    var json: String { JSONText.object(members) }

    /// Reads ``json``; `nil` when it is something else.
    init?(_ json: JSONValue) {
        self.init()
        for (name, place) in Self.numbers {
            guard let number = json[name]?.integer else { return nil }
            self[keyPath: place] = number
        }
        guard let lost = json["damaged_batches"]?.array, let backends = json["backends"]?.array,
            let namesAreLost = json["backend_names_lost"]?.flag
        else { return nil }
        lostBatches = lost.compactMap { LostBatch($0) }
        self.backends = backends.compactMap { Backend($0) }
        self.namesAreLost = namesAreLost
    }

    private static var numbers: [(String, WritableKeyPath<Salvage, Int64>)] {
        [
            ("batches", \.batches.number), ("points", \.batches.points),
            ("known_batches", \.known.number), ("known_points", \.known.points),
            ("damaged_batch_count", \.damaged.number), ("damaged_points", \.damaged.points),
            ("points_without_series", \.pointsWithoutSeries), ("missing_series", \.missingSeries),
            ("dead_letters", \.letters), ("known_dead_letters", \.knownLetters),
            ("lost_dead_letters", \.lostLetters), ("counters", \.counters),
        ]
    }
}

extension Salvage.LostBatch {
    fileprivate var json: String {
        JSONText.object([
            ("batch", "\(batch)"), ("points", "\(points)"), ("reason", JSONText.string(reason)),
        ])
    }

    fileprivate init?(_ json: JSONValue) {
        guard let batch = json["batch"]?.integer, let points = json["points"]?.integer,
            let reason = json["reason"]?.string
        else { return nil }
        self.init(batch: batch, points: points, reason: reason)
    }
}

extension Salvage.Backend {
    fileprivate var json: String {
        JSONText.object([
            ("name", JSONText.string(name)), ("pending", "\(pending)"), ("kept", "\(kept)"),
            ("dead", "\(dead)"), ("lost", JSONText.optional(lost)),
            ("assumes_all", "\(assumesAll)"),
        ])
    }

    fileprivate init?(_ json: JSONValue) {
        guard let name = json["name"]?.string, let pending = json["pending"]?.integer,
            let kept = json["kept"]?.integer, let dead = json["dead"]?.integer,
            let assumesAll = json["assumes_all"]?.flag
        else { return nil }
        self.init(name, assumesAll: assumesAll)
        self.pending = pending
        self.kept = kept
        self.dead = dead
        lost = json["lost"]?.integer
    }
}
