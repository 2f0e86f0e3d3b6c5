/// How a transport talks to its server.
struct HTTPOptions: Sendable {
    /// The time for a whole request, connecting included.
    var timeout: Duration = .seconds(30)
    /// The time to connect, name look-up and TLS included.
    var connectTimeout: Duration = .seconds(5)
    /// How the server knows us; goes into a header, never into the address.
    var credentials: Credentials = .none
    /// The word before a token in the Authorization header: `Token` or `Bearer`.
    var tokenScheme = "Token"
    /// Certificates to trust instead of the system's (PEM file).
    var caFile: String?
    /// Our certificate (PEM file).
    var clientCertificate: String?
    /// The key of our certificate (PEM file).
    var clientKey: String?
    /// Takes any certificate.
    var skipsVerification = false
    /// A proxy; without one the environment's is not used either.
    var proxy: String?
    /// Never sends a body twice. libcurl does that on its own when a connection that it kept ends
    /// without an answer, and nobody knows then that the first one may have been taken.
    var sendsOnce = false
    /// What the server's log says that we are.
    var userAgent = "PuyPuy"

    init() {}

    /// The options that `configuration` asks for.
    init(_ configuration: BackendConfiguration, version: String) {
        timeout = configuration.timeout
        connectTimeout = configuration.connectTimeout
        credentials = configuration.credentials
        caFile = configuration.caFile
        clientCertificate = configuration.clientCertificate
        clientKey = configuration.clientKey
        skipsVerification = configuration.skipsVerification
        proxy = configuration.proxy
        userAgent = "PuyPuy/\(version)"
    }
}
