public import PuyPuyCore

/// One configured destination, as its sender uses it.
///
/// A backend is a pure encoder (points to bytes), a pure classifier (answer to ``Outcome``) and the
/// few lines that join them with a transport. It belongs to one thread: its sender's.
public protocol Backend: AnyObject {
    /// Whether another instance may send other points at the same time: the server takes them in any order.
    var takesAnyOrder: Bool { get }

    /// Makes the request for `points`, which may be sent later, perhaps after others.
    func prepare(_ points: PointBlock, catalog: any SeriesCatalog)

    /// Sends `points`, or as many of them as fit, in one request, and says what became of them, by
    /// their rows.
    ///
    /// Blocks until the answer is there, the timeout passes or the interrupt is raised. Sending the
    /// same points again must be harmless. `points` is never empty; with `isPrepared` they are those
    /// that ``prepare(_:catalog:)`` got last. The backend itself refuses
    /// (``Outcome/acceptedExcept(_:)``) a point that its protocol cannot express, without sending
    /// it. `meanwhile` is called once at most, when the request is on its way and there is an answer
    /// to wait for; OpenTSDB, with its small requests, and Carbon do not call it.
    func deliver(
        _ points: PointBlock, catalog: any SeriesCatalog, isPrepared: Bool, meanwhile: () -> Void
    ) -> Attempt

    /// Drops open connections, so that the next request looks the host's name up anew.
    func disconnect()
}

extension Backend {
    /// One request after the other, unless a backend says otherwise.
    public var takesAnyOrder: Bool { false }

    /// Does nothing: the request is made when it is sent.
    public func prepare(_ points: PointBlock, catalog: any SeriesCatalog) {}

    /// Sends points for which nothing was prepared.
    public func deliver(_ points: PointBlock, catalog: any SeriesCatalog) -> Attempt {
        deliver(points, catalog: catalog, isPrepared: false, meanwhile: {})
    }
}
