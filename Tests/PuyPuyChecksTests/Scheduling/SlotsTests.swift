import Testing

@testable import PuyPuyChecks

struct SlotsTests {
    @Test func `whoever finds no slot waits for one`() async {
        let slots = Slots(count: 1)
        let taken = Counter()
        await slots.take()
        let waiter = Task {
            await slots.take()
            taken.add()
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(taken.value == 0)
        slots.give()
        await waiter.value
        #expect(taken.value == 1)
    }

    @Test func `once open nobody waits`() async {
        let slots = Slots(count: 1)
        await slots.take()
        let waiter = Task { await slots.take() }
        slots.open()
        await waiter.value
        await slots.take()
    }

    @Test func `of several events the first counts, before or after the wait began`() async {
        let early = FirstEvent<Int>()
        early.happen(1)
        early.happen(2)
        #expect(await early.value() == 1)
        let late = FirstEvent<Int>()
        let waiter = Task { await late.value() }
        late.happen(3)
        #expect(await waiter.value == 3)
    }
}
