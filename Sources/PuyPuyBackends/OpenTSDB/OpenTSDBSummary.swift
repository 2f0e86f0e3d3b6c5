internal import PuyPuyCore

/// OpenTSDB's answer to a put with `details`: `{"success":…,"failed":…,"errors":[…]}`.
///
/// Source: opentsdb 2.4 `tsd/PutDataPointRpc.java`.
struct OpenTSDBSummary {
    /// One complaint about one point.
    struct Complaint {
        /// What the server says.
        let text: String
        /// The point that it repeats; `nil` when it cannot be read.
        let identity: [UInt8]?

        /// What the words mean for the point.
        var kind: Kind {
            let isOf = { (words: [String]) in words.contains { text.hasPrefix($0) } }
            return if isOf(Complaint.passing) {
                .passing
            } else if text.isEmpty || isOf(Complaint.unexplained) {
                .unexplained
            } else if isOf(Complaint.settings) {
                .settings
            } else {
                .permanent
            }
        }

        private static let passing = [
            "Please throttle", "Timeout exception", "Storage exception", "Write timedout",
            "Not cached yet",
        ]
        private static let unexplained = ["Unexpected exception"]
        private static let settings = ["Unknown metric"]
    }

    /// What a complaint means.
    enum Kind {
        /// The storage had no room or no time: the point is stored another time.
        case passing
        /// Any exception that the server did not foresee, be its cause the point or the server.
        case unexplained
        /// Nobody may make new names (`tsd.core.auto_create_metrics`).
        case settings
        /// The point is refused for what it is.
        case permanent
    }

    /// The points that were stored, or queued where the server does not wait.
    let success: Int64
    /// The points that were not.
    let failed: Int64
    /// The points of which nothing is known yet.
    let timeouts: Int64
    /// The complaints, as far as they are there.
    let complaints: [Complaint]

    /// Reads `body`; `nil` when it is not of that form.
    init?(body: [UInt8]) {
        guard let value = JSONValue(body), let success = value["success"]?.integer,
            let failed = value["failed"]?.integer, success >= 0, failed >= 0
        else { return nil }
        self.success = success
        self.failed = failed
        timeouts = value["timeouts"]?.integer ?? 0
        complaints = (value["errors"]?.array ?? []).map { error in
            Complaint(
                text: error["error"]?.string ?? "",
                identity: error["datapoint"].flatMap { OpenTSDBPoint.identity(of: $0) })
        }
    }
}
