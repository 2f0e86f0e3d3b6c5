import PuyPuyCore
import Testing

struct SeriesTests {
    @Test func `series are equal when their bytes are, and then have one hash`() {
        let long = "a metric with a name of more than fifteen bytes"
        for metric in ["", "m", long, "größe"] {
            for tags in [Tags.none, ["host": "web1"], ["host": "web1", "a": long]] as [Tags] {
                let left = Series(metric: metric, tags: tags)
                let right = Series(metric: String(Array(metric)), tags: Tags("\(tags)")!)
                #expect(left == right)
                #expect(left.hashValue == right.hashValue)
            }
        }
    }

    @Test func `names that look alike, or run into each other, are different series`() {
        let composed = Series(metric: "\u{E9}")
        let decomposed = Series(metric: "e\u{301}")
        #expect(composed != decomposed)
        let series: [Series] = [
            composed, decomposed, Series(metric: "ab"), Series(metric: "a", tags: ["b": "c"]),
            Series(metric: "a", tags: ["bc": "d"]), Series(metric: "a", tags: ["b": "cd"]),
            Series(metric: "ab", tags: ["b": "c"]), Series(metric: "a"), Series(metric: "a\0"),
        ]
        #expect(Set(series).count == series.count)
    }
}
