/// Reads the pickles of lists of points that protocol 2 makes, and nothing else.
///
/// A pickle is a program for a machine with a stack, and a foreign one can do anything. This knows
/// the opcodes that make texts, numbers, pairs and lists of such values. Every other one, above all
/// those that name a class, is refused, and nothing of the pickle is used.
///
/// Sources: PEP 307 and CPython's `pickletools.py`.
enum PickleDecoder {
    /// What a pickle of points is made of.
    indirect enum Value: Equatable {
        case text(String)
        case integer(Int64)
        case double(Double)
        /// None, True and False, which are no numbers.
        case other
        case pair(Value, Value)
        case list([Value])

        /// A number as a `Double`.
        var double: Double? {
            switch self {
            case .integer(let whole): Double(whole)
            case .double(let double): double
            default: nil
            }
        }
    }

    /// Why a pickle is not read.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    /// The value that the pickle `bytes` makes.
    static func decode(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> Value {
        var machine = PickleMachine(bytes)
        return try machine.run()
    }
}

/// The stack, and what has been put aside for later.
private struct PickleMachine {
    private let bytes: ArraySlice<UInt8>
    private var index: Int
    private var stack: [PickleDecoder.Value] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleDecoder.Value] = [:]

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    mutating func run() throws(PickleDecoder.Refusal) -> PickleDecoder.Value {
        while true {
            let place = index - bytes.startIndex
            let code = try take(1).first!
            if code == UInt8(ascii: ".") { return try pop() }
            guard try step(code) else {
                throw PickleDecoder.Refusal(
                    reason: "the pickle does more than hold points: opcode \(code) at byte \(place)"
                )
            }
        }
    }

    /// Does what `code` says; false for one that points do not need.
    private mutating func step(_ code: UInt8) throws(PickleDecoder.Refusal) -> Bool {
        switch code {
        case 0x80:  // PROTO
            let version = try take(1).first!
            guard version <= 2 else {
                throw PickleDecoder.Refusal(reason: "a pickle of protocol \(version)")
            }
        case UInt8(ascii: "X"), UInt8(ascii: "T"):  // BINUNICODE, BINSTRING
            push(.text(try text(Int(try number(4)))))
        case UInt8(ascii: "U"):  // SHORT_BINSTRING
            push(.text(try text(Int(try number(1)))))
        case UInt8(ascii: "K"): push(.integer(try number(1)))  // BININT1
        case UInt8(ascii: "M"): push(.integer(try number(2)))  // BININT2
        case UInt8(ascii: "J"):  // BININT, with a sign
            push(.integer(Int64(Int32(truncatingIfNeeded: try number(4)))))
        case 0x8A:  // LONG1
            push(try long(Int(try number(1))))
        case UInt8(ascii: "G"):  // BINFLOAT
            let bits = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            push(.double(Double(bitPattern: bits)))
        case UInt8(ascii: "N"), 0x88, 0x89: push(.other)  // NONE, NEWTRUE, NEWFALSE
        case 0x86:  // TUPLE2
            let second = try pop()
            push(.pair(try pop(), second))
        case UInt8(ascii: "]"): push(.list([]))  // EMPTY_LIST
        case UInt8(ascii: "("): marks.append(stack.count)  // MARK
        case UInt8(ascii: "a"):  // APPEND
            let value = try pop()
            try append([value])
        case UInt8(ascii: "e"):  // APPENDS
            guard let mark = marks.popLast(), mark <= stack.count else { throw broken }
            let values = Array(stack[mark...])
            stack.removeSubrange(mark...)
            try append(values)
        case UInt8(ascii: "q"): memo[Int(try number(1))] = try top()  // BINPUT
        case UInt8(ascii: "r"): memo[Int(try number(4))] = try top()  // LONG_BINPUT
        case UInt8(ascii: "h"): try recall(Int(try number(1)))  // BINGET
        case UInt8(ascii: "j"): try recall(Int(try number(4)))  // LONG_BINGET
        default: return false
        }
        return true
    }

    private var broken: PickleDecoder.Refusal {
        PickleDecoder.Refusal(reason: "the pickle is broken or cut off")
    }

    private mutating func push(_ value: PickleDecoder.Value) { stack.append(value) }

    private mutating func pop() throws(PickleDecoder.Refusal) -> PickleDecoder.Value {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw broken }
        return value
    }

    private func top() throws(PickleDecoder.Refusal) -> PickleDecoder.Value {
        guard let value = stack.last else { throw broken }
        return value
    }

    /// Adds to the list on top.
    private mutating func append(_ values: [PickleDecoder.Value]) throws(PickleDecoder.Refusal) {
        guard stack.count > marks.last ?? 0, case .list(var list)? = stack.popLast() else {
            throw broken
        }
        list += values
        push(.list(list))
    }

    /// A list is remembered as it was then, so only what cannot change is given back; a list in
    /// itself is no list of points.
    private mutating func recall(_ place: Int) throws(PickleDecoder.Refusal) {
        guard let value = memo[place] else { throw broken }
        if case .list = value { throw broken }
        push(value)
    }

    private mutating func take(_ count: Int) throws(PickleDecoder.Refusal) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.endIndex - index else { throw broken }
        defer { index += count }
        return bytes[index..<(index + count)]
    }

    /// An unsigned number, the lowest byte first.
    private mutating func number(_ count: Int) throws(PickleDecoder.Refusal) -> Int64 {
        try take(count).reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
    }

    private mutating func text(_ count: Int) throws(PickleDecoder.Refusal) -> String {
        guard let text = String(validating: try take(count), as: UTF8.self) else { throw broken }
        return text
    }

    /// A number with a sign; beyond 64 bits it is none that a point can have.
    private mutating func long(_ count: Int) throws(PickleDecoder.Refusal) -> PickleDecoder.Value {
        let digits = try take(count)
        guard count <= 8 else { return .other }
        var bits: UInt64 = digits.last.map { $0 & 0x80 != 0 } == true ? .max : 0
        for digit in digits.reversed() { bits = bits << 8 | UInt64(digit) }
        return .integer(Int64(bitPattern: bits))
    }
}

/// The pickles in a file: one as it is, or each behind its length as they go to Carbon.
struct PickleFrames: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// Whether a file begins with a pickle of protocol 2, with its length before it or without.
    static func isOne(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x80, 2]) || bytes.dropFirst(4).starts(with: [0x80, 2])
    }

    mutating func next() -> ArraySlice<UInt8>? {
        guard !rest.isEmpty else { return nil }
        if rest.first == 0x80 {
            defer { rest = [] }
            return rest
        }
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        defer { rest = rest.dropFirst(4 + length) }
        return rest.dropFirst(4).prefix(length)
    }
}
