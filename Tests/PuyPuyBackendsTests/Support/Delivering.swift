import Glibc
import PuyPuyCore

@testable import PuyPuyBackends

/// Delivers points as a sender does, but without its pauses: until each is confirmed or refused.
///
/// Returns the refused rows with their reasons. Gives up after `maxRequests`.
func deliverAll(
    _ points: [Point], to backend: any Backend, maxRequests: Int = 200
) -> [Int: String]? {
    let (block, catalog) = LineProtocolTests.block(points)
    var delivery = Delivery(policy: Delivery.Policy(maxBatchPoints: 100_000, oldestFirst: true))
    var now = ContinuousClock.now
    var requests = 0
    var isPending = true
    while true {
        switch delivery.next(at: now, pending: .init(fresh: isPending, backlog: false)) {
        case .idle: return nil
        case .wait(let until): now = until
        case .load: delivery.loaded(points: points.count)
        case .send(let rows):
            requests += 1
            if requests > maxRequests { return nil }
            let attempt = backend.deliver(block.selecting(rows), catalog: catalog)
            if delivery.condition.reason != nil { backend.disconnect() }
            delivery.finished(attempt, at: now, random: 0)
        case .acknowledge(let rejections):
            isPending = false
            return Dictionary(
                rejections.map { ($0.row, $0.reason) }, uniquingKeysWith: { first, _ in first })
        }
    }
}

/// As ``deliverAll(_:to:maxRequests:)``, to a server that is away at times: waits a moment after a
/// failure.
func deliverPatiently(_ points: [Point], to backend: any Backend) -> [Int: String]? {
    let (block, catalog) = LineProtocolTests.block(points)
    var delivery = Delivery(policy: Delivery.Policy(maxBatchPoints: 100_000, oldestFirst: true))
    var isPending = true
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        switch delivery.next(at: .now, pending: .init(fresh: isPending, backlog: false)) {
        case .idle: return nil
        case .wait:
            usleep(5000)
            delivery.retryNow()
        case .load: delivery.loaded(points: points.count)
        case .send(let rows):
            let attempt = backend.deliver(block.selecting(rows), catalog: catalog)
            if attempt.outcome.isFailure { backend.disconnect() }
            delivery.finished(attempt, at: .now, random: 0)
        case .acknowledge(let rejections):
            isPending = false
            return Dictionary(
                rejections.map { ($0.row, $0.reason) }, uniquingKeysWith: { first, _ in first })
        }
    }
    return nil
}
