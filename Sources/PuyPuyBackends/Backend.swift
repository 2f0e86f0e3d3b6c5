public import PuyPuyCore

/// One configured destination, as its sender uses it.
///
/// A backend is a pure encoder (points to bytes), a pure classifier (answer to ``Outcome``) and the
/// few lines that join them with a transport. It belongs to one thread: its sender's.
public protocol Backend: AnyObject {
    /// Sends `points`, or as many of them as fit, in one request, and says what became of them, by
    /// their rows.
    ///
    /// Blocks until the answer is there, the timeout passes or the interrupt is raised. Sending the
    /// same points again must be harmless. `points` is never empty. The backend itself refuses
    /// (``Outcome/acceptedExcept(_:)``) a point that its protocol cannot express, without sending
    /// it.
    func deliver(_ points: PointBlock, catalog: any SeriesCatalog) -> Attempt

    /// Drops open connections, so that the next request looks the host's name up anew.
    func disconnect()
}
