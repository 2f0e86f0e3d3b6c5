internal import NIOCore
internal import NIOHTTP1

/// Keeps a connection within its limits, whatever the other side does.
///
/// A request has ``deadline`` from the end of its head to the last byte of its body and of its
/// answer, so that neither a body that trickles in nor a reader that does not read holds a connection
/// for long. A
/// body has ``maxBodyBytes``. What is not HTTP, and a head that is too large, get an answer that
/// says so. Between requests, and until a head is complete, the idle time of the connection counts.
final class RequestGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The time that a request has, with its answer.
    static let deadline = TimeAmount.seconds(20)
    /// The longest request has the arguments of a plugin.
    static let maxBodyBytes = 64 << 10

    /// Requests whose answer is not with the system yet.
    private var unanswered = 0
    /// The last request has not ended.
    private var isReading = false
    private var bodyBytes = 0
    private var isAnswering = false
    private var isRefusing = false
    private var timer: Scheduled<Void>?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isRefusing { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            unanswered += 1
            isReading = true
            bodyBytes = 0
            if timer == nil { startTimer(context) }
            // HTTP/1.0 ends a connection without being asked to.
            if !head.isKeepAlive {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            } else {
                head.headers.remove(name: "Connection")
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            guard bodyBytes <= Self.maxBodyBytes else {
                refuse(.payloadTooLarge, "the request is too large", context)
                return
            }
            context.fireChannelRead(data)
        case .end:
            isReading = false
            if unanswered == 0 { stopTimer() }
            context.fireChannelRead(data)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isRefusing {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head:
            isAnswering = true
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            isAnswering = false
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { _ in self.answered(context) }
            context.write(data, promise: written)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            context.fireErrorCaught(error)
            return
        }
        if error == .headerOverflow {
            refuse(
                .requestHeaderFieldsTooLarge, "the head of the request is too large", context)
        } else {
            refuse(.badRequest, "this is not a request of HTTP/1.1", context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { stopTimer() }

    /// The last byte of an answer is with the system.
    private func answered(_ context: ChannelHandlerContext) {
        unanswered -= 1
        // A body that came in part does not get the time of the next request on top.
        if unanswered == 0 && isReading { return }
        stopTimer()
        if unanswered > 0 { startTimer(context) }
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
    }

    private func startTimer(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.deadline) {
            context.close(promise: nil)
        }
    }

    /// Answers and closes; in the middle of another answer only closes.
    private func refuse(
        _ status: HTTPResponseStatus, _ words: String, _ context: ChannelHandlerContext
    ) {
        guard !isRefusing else { return }
        isRefusing = true
        guard !isAnswering else {
            context.close(promise: nil)
            return
        }
        let body = context.channel.allocator.buffer(string: words + "\n")
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers = [
            "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(body.readableBytes)",
            "Connection": "close",
        ]
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }
}
