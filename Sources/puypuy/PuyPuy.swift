internal import PuyPuyCore
@main struct PuyPuy { static func main() { print("x") } }
