/// What a point measured: a finite `Double`, or an `Int64`.
///
/// The two kinds are kept apart from the check to the backend, because some databases give a field
/// the type of its first value. Equality is of bits, so `-0.0` and `0.0` differ.
public enum Value: Sendable, Hashable, BitwiseCopyable {
    /// A floating-point value. NaN and infinities are refused by ``init(_:)`` and by the spool.
    case double(Double)
    /// An integer value.
    case integer(Int64)

    /// A floating-point value, or `nil` when `double` is NaN or infinite: no backend can store
    /// those, and some are damaged by them.
    public init?(_ double: Double) {
        guard double.isFinite else { return nil }
        self = .double(double)
    }

    /// False for NaN and the infinities.
    public var isFinite: Bool {
        switch self {
        case .double(let double): double.isFinite
        case .integer: true
        }
    }

    /// The value as a `Double`; integers beyond 2^53 are rounded.
    public var asDouble: Double {
        switch self {
        case .double(let double): double
        case .integer(let integer): Double(integer)
        }
    }

    /// Same kind and same bits.
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.double(let left), .double(let right)): left.bitPattern == right.bitPattern
        case (.integer(let left), .integer(let right)): left == right
        default: false
        }
    }

    /// Hashes the kind and the bits.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .double(let double):
            hasher.combine(0 as UInt8)
            hasher.combine(double.bitPattern)
        case .integer(let integer):
            hasher.combine(1 as UInt8)
            hasher.combine(integer)
        }
    }
}

extension Value: CustomStringConvertible {
    /// The shortest decimal text that reads back as the same value.
    public var description: String {
        switch self {
        case .double(let double): "\(double)"
        case .integer(let integer): "\(integer)"
        }
    }
}
