internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1

/// A connection to the web server or the control socket: HTTP/1.1 with keep-alive, within the limits
/// of ``RequestGuard``.
struct WebChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    /// How long a connection may say nothing, and how long the head of a request may take.
    static let idleTime = Duration.seconds(15)
    /// A head with more bytes than this is refused.
    static let maxHeadBytes = 16 << 10

    let responder: HTTPChannelHandler.Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = Self.maxHeadBytes
            limits.maxHeaderListSize = Self.maxHeadBytes
            limits.maxHeaderFieldCount = 100
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false,
                withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(RequestGuard())
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(
                HTTPConnectionStateHandler(idleTimeout: Self.idleTime, logger: logger))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}

extension WebRequest {
    /// What matters of `request`.
    init(_ request: Request, from origin: Origin) {
        let target = request.head.path ?? "/"
        self.init(
            origin: origin, method: request.method.rawValue,
            path: String(target.prefix { $0 != "?" }),
            query: String(target.drop { $0 != "?" }.dropFirst().prefix { $0 != "#" }),
            apiKey: request.headers[.apiKey],
            authorization: request.headers[.authorization],
            acceptEncoding: request.headers[.acceptEncoding])
    }
}

extension WebAnswer {
    /// Sends the answer to `request`.
    func send(to request: Request, with writer: consuming ResponseWriter) async throws {
        var fields = HTTPFields()
        fields[.contentType] = contentType
        fields[.contentLength] = "\(body.count)"
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        if request.headers[.connection] == "close" { fields[.connection] = "close" }
        let head = HTTPResponse(status: .init(code: status), headerFields: fields)
        if request.method == .head {
            try await writer.writeResponse(head)
        } else {
            try await writer.write(
                response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
        }
    }
}

extension HTTPField.Name {
    /// The header of the older collectors' clients.
    fileprivate static let apiKey = HTTPField.Name("Apikey")!
}
