/// Places by series number: which entry of a list belongs to a series.
///
/// A hash table for one purpose: numbers in, numbers out, looked up for every point that is sent, and
/// forgotten only all at once. Series get their numbers one after the other: multiplied by the golden
/// ratio they are spread evenly, so that hardly two of them meet.
public struct SeriesIndex: Sendable {
    @usableFromInline
    struct Slot: BitwiseCopyable, Sendable {
        @usableFromInline var id: SeriesID = 0
        /// One more than the place; 0 in an empty slot.
        @usableFromInline var mark = 0

        init(id: SeriesID = 0, mark: Int = 0) {
            self.id = id
            self.mark = mark
        }
    }

    @usableFromInline var slots: [Slot]
    /// How many series have a place.
    public private(set) var count = 0
    /// 64 less the bits of a slot's number.
    @usableFromInline var shift: UInt64

    private static let fewestBits: UInt64 = 6

    /// An empty index.
    public init() {
        slots = [Slot](repeating: Slot(), count: 1 << SeriesIndex.fewestBits)
        shift = 64 - SeriesIndex.fewestBits
    }

    /// The place of `id`; `nil` when it has none.
    @inlinable @inline(__always)
    public func place(of id: SeriesID) -> Int? {
        slots.withUnsafeBufferPointer { slots in
            let mark = slots[SeriesIndex.find(id, slots, shift)].mark
            return mark == 0 ? nil : mark &- 1
        }
    }

    /// Gives `id`, which has none, a place: 0 or more.
    public mutating func insert(_ id: SeriesID, place: Int) {
        precondition(place >= 0, "place \(place)")
        // Half of the slots stay empty, so that a search ends soon.
        if count * 2 >= slots.count { grow() }
        slots[slots.withUnsafeBufferPointer { SeriesIndex.find(id, $0, shift) }] =
            Slot(id: id, mark: place + 1)
        count += 1
    }

    /// Forgets all places, and gives the memory back.
    public mutating func removeAll() { self = SeriesIndex() }

    /// The slot of `id`, or the empty one where it belongs.
    @inlinable @inline(__always)
    static func find(
        _ id: SeriesID, _ slots: UnsafeBufferPointer<Slot>, _ shift: UInt64
    ) -> Int {
        let mask = slots.count &- 1
        // 2^64 divided by the golden ratio.
        var number = Int(
            truncatingIfNeeded: (UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15) &>> shift)
        // In bounds, by the mask; ends, since some slots are always empty.
        while slots[number].mark != 0 && slots[number].id != id { number = (number &+ 1) & mask }
        return number
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: 2 * old.count)
        shift -= 1
        for slot in old where slot.mark != 0 {
            slots[slots.withUnsafeBufferPointer { SeriesIndex.find(slot.id, $0, shift) }] = slot
        }
    }
}
