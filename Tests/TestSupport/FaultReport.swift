import Foundation
import Synchronization

/// What became of the points under one fault. `nil` is what the fault has no figure for.
public struct FaultResult {
    /// The fault, in a few words: the first column.
    public let fault: String
    /// How often, how long, how many.
    public var extent = ""
    /// Points of the books, of the backend that the fault is about.
    public var collected: Int?
    /// See ``collected``.
    public var delivered: Int?
    /// See ``collected``.
    public var dead: Int?
    /// See ``collected``.
    public var expired: Int?
    /// Points that were acknowledged and are in neither the spool nor the database.
    public var lost: Int?
    /// Points that are somewhere twice in effect, or that nobody collected.
    public var doubled: Int?
    /// From the end of the fault to the first point in the database that was collected after it.
    public var recoverySeconds: Double?
    /// The most resident memory of the daemon, in bytes.
    public var peakMemoryBytes: Int?
    /// The most bytes of the write-ahead log.
    public var peakLogBytes: Int?
    /// The most bytes of the spool's file.
    public var fileBytes: Int?
    /// What else there is to say.
    public var remark = ""

    /// The name of the fault, and how often it happens.
    public init(_ fault: String, extent: String = "") {
        self.fault = fault
        self.extent = extent
    }
}

/// Prints the results, and adds each as a row of Markdown to the file that `PUYPUY_FAULTS_TABLE` names.
public enum FaultReport {
    private static let file = Mutex(ProcessInfo.processInfo.environment["PUYPUY_FAULTS_TABLE"])

    /// Reports one fault.
    public static func record(_ result: FaultResult) {
        let row = row(of: result)
        print("fault: \(row)")
        file.withLock { path in
            guard let path, let file = fopen(path, "a") else { return }
            fputs(row + "\n", file)
            fclose(file)
        }
    }

    private static func row(of result: FaultResult) -> String {
        func count(_ number: Int?) -> String { number.map { "\($0)" } ?? "" }
        func megabytes(_ bytes: Int?) -> String {
            bytes.map { String(format: "%.1f", Double($0) / 1_048_576) } ?? ""
        }
        let cells = [
            result.fault, result.extent, count(result.collected), count(result.delivered),
            count(result.dead), count(result.expired), count(result.lost), count(result.doubled),
            result.recoverySeconds.map { String(format: "%.1f", $0) } ?? "",
            megabytes(result.peakMemoryBytes), megabytes(result.peakLogBytes),
            megabytes(result.fileBytes), result.remark,
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }
}
