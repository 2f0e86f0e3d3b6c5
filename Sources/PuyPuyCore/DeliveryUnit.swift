extension Delivery {
    /// Rows that go in one request: a range of the unit's order.
    struct Segment {
        let rows: Range<Int>
        /// Known to hold an offender, because its parent did and its sibling does not.
        var holdsOffender = false
        /// When this segment is accepted, the next one on the stack holds the offender.
        var clearsSibling = false
        /// How often a failure that may lie in the points met this segment alone.
        var failures = 0
    }

    /// The points in hand and how far they have come.
    ///
    /// Offenders that the server does not name are found by bisection: a refused segment is split,
    /// the first half is sent, and when that is accepted, the second is known to hold the offender
    /// and is split without being sent. One offender in n costs at most 2·⌈log2 n⌉ requests. A point
    /// is given up only when it was refused alone.
    struct Unit {
        /// Positions to rows: bisection moves suspects together.
        private var order: [Int]
        private var stack: [Segment]
        private(set) var rejections: [Outcome.Rejection] = []

        init(points: Int) {
            order = Array(0..<points)
            stack = points == 0 ? [] : [Segment(rows: 0..<points)]
        }

        private var answered = false
        /// The search for a point that fails has begun.
        private(set) var isDoubted = false
        /// Something of it was accepted.
        private(set) var hasAccepted = false
        /// Something was accepted since the search began: the server works.
        private(set) var acceptsOthers = false

        /// Whether no part of the unit was answered yet.
        var isUntouched: Bool { !answered }

        /// The number of its points.
        var count: Int { order.count }

        /// Whether every point is confirmed or refused for good.
        var isSettled: Bool { stack.isEmpty }

        func rows(_ segment: Segment) -> [Int] { Array(order[segment.rows]) }

        /// Takes the next segment of at most `maxPoints` rows off the stack of an unsettled unit.
        mutating func nextSegment(maxPoints: Int) -> Segment {
            while true {
                let segment = stack.removeLast()
                if segment.holdsOffender && segment.rows.count > 1 {
                    split(segment, at: middle(segment.rows))
                } else if segment.rows.count > maxPoints {
                    let cut = segment.rows.lowerBound + maxPoints
                    stack.append(Segment(rows: cut..<segment.rows.upperBound))
                    stack.append(Segment(rows: segment.rows.lowerBound..<cut))
                } else {
                    return segment
                }
            }
        }

        /// Splits off what did not go into the request, to be sent next. Returns what went, and the
        /// outcome by its rows.
        mutating func narrow(_ segment: Segment, to attempt: Attempt) -> (Segment, Outcome) {
            guard let sent = attempt.rows, sent.count < segment.rows.count else {
                return (segment, attempt.outcome)
            }
            // Rows are ascending, so these are the first ones, and stay where they are.
            let areFirst = sent.last == sent.count - 1
            let cut =
                areFirst
                ? segment.rows.lowerBound + sent.count
                : moveToEnd(Set(0..<segment.rows.count).subtracting(sent), of: segment)
            stack.append(Segment(rows: cut..<segment.rows.upperBound))
            return (
                Segment(rows: segment.rows.lowerBound..<cut), attempt.outcome.renumbered(sent)
            )
        }

        mutating func accept(_ segment: Segment, except rejected: [Outcome.Rejection] = []) {
            answered = true
            hasAccepted = true
            if isDoubted { acceptsOthers = true }
            let rows = order[segment.rows]
            for rejection in rejected {
                rejections.append(
                    Outcome.Rejection(
                        row: rows[segment.rows.lowerBound + rejection.row],
                        reason: rejection.reason))
            }
            if segment.clearsSibling && rejected.isEmpty, let sibling = stack.indices.last {
                stack[sibling].holdsOffender = true
            }
        }

        mutating func refuse(_ segment: Segment, reason: String, suspects: [Int]) {
            answered = true
            if segment.rows.count == 1 {
                rejections.append(
                    Outcome.Rejection(row: order[segment.rows.lowerBound], reason: reason))
            } else if suspects.isEmpty || suspects.count >= segment.rows.count {
                split(segment, at: middle(segment.rows))
            } else {
                split(segment, at: moveToEnd(Set(suspects), of: segment))
            }
        }

        /// A failure that may lie in the points of `segment`, or in the server.
        ///
        /// While nothing is accepted, all parts are tried in turn, in smaller and smaller pieces, and
        /// nothing is given up: the server may be at fault. Once a part is accepted, the server works,
        /// and a point that goes on failing alone is given up.
        mutating func doubt(_ segment: Segment, reason: String) {
            if segment.rows.count == 1 && stack.isEmpty && !answered {
                // There is nothing in this unit to compare it with.
                stack.append(segment)
                return
            }
            answered = true
            isDoubted = true
            let cut = middle(segment.rows)
            let halves = [
                Segment(rows: cut..<segment.rows.upperBound),
                Segment(rows: segment.rows.lowerBound..<cut),
            ]
            if segment.rows.count > 1 {
                // The top of the stack is next.
                stack.insert(contentsOf: halves, at: acceptsOthers ? stack.count : 0)
                return
            }
            var failed = segment
            failed.failures += 1
            if acceptsOthers && failed.failures >= Delivery.attemptsBeforeDoubt {
                rejections.append(
                    Outcome.Rejection(row: order[failed.rows.lowerBound], reason: reason))
            } else {
                stack.insert(failed, at: 0)
            }
        }

        /// The server takes no request of this size: halves, or the end of a single point.
        mutating func shrink(_ segment: Segment) {
            answered = true
            let cut = middle(segment.rows)
            stack.append(Segment(rows: cut..<segment.rows.upperBound))
            stack.append(Segment(rows: segment.rows.lowerBound..<cut))
        }

        mutating func putBack(_ segment: Segment) { stack.append(segment) }

        private func middle(_ rows: Range<Int>) -> Int { rows.lowerBound + rows.count / 2 }

        private mutating func split(_ segment: Segment, at cut: Int) {
            stack.append(Segment(rows: cut..<segment.rows.upperBound))
            stack.append(Segment(rows: segment.rows.lowerBound..<cut, clearsSibling: true))
        }

        /// Moves some rows of `segment` behind its others; returns where they begin.
        private mutating func moveToEnd(_ chosen: Set<Int>, of segment: Segment) -> Int {
            let rows = order[segment.rows]
            let first = rows.startIndex
            let others = rows.indices.filter { !chosen.contains($0 - first) }.map { rows[$0] }
            let moved = rows.indices.filter { chosen.contains($0 - first) }.map { rows[$0] }
            order.replaceSubrange(segment.rows, with: others + moved)
            return first + others.count
        }
    }
}

extension Outcome {
    /// The outcome with positions in `rows` in place of the rows themselves.
    func renumbered(_ rows: [Int]) -> Outcome {
        switch self {
        case .acceptedExcept(let rejections):
            let positions = Outcome.positions(rows)
            return .acceptedExcept(
                rejections.map { Rejection(row: positions[$0.row]!, reason: $0.reason) })
        case .refused(let reason, let suspects):
            let positions = Outcome.positions(rows)
            return .refused(reason: reason, suspects: suspects.map { positions[$0]! })
        default: return self
        }
    }

    private static func positions(_ rows: [Int]) -> [Int: Int] {
        Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($0.element, $0.offset) })
    }
}
