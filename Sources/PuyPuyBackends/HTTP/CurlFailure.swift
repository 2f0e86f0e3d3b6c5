internal import CCurl

/// What libcurl tells about a transfer that failed: the input of the decision how it failed.
struct CurlFailure {
    /// Its result code (libcurl-errors(3)).
    var code: CURLcode
    /// Its own words, from CURLOPT_ERRORBUFFER.
    var words: String
    /// Whether the connection stood and the request began.
    var hasBegun: Bool
    /// The proxy's answer to CONNECT; 0 when there was none.
    var proxyStatus = 0
    /// The server's base address.
    var server: String
    /// How its addresses begin with TLS and without.
    var schemes = "https or http"
    /// What it is expected to speak.
    var expected = "HTTP"

    /// The failure in the module's terms.
    ///
    /// "Nothing was sent" is claimed only where it is certain.
    var error: BackendsError {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT: failure(.unreachable)
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            failure(.unreachable, hint: "check proxy")
        case CURLE_OPERATION_TIMEDOUT: failure(hasBegun ? .transient : .unreachable)
        case CURLE_PEER_FAILED_VERIFICATION:
            failure(
                .misconfigured,
                hint: "set ca_file to the certificate that signed the server's, "
                    + "and use the host name that it was made for")
        case CURLE_SSL_CACERT_BADFILE:
            failure(.misconfigured, hint: "ca_file must name a readable PEM file")
        case CURLE_SSL_CERTPROBLEM:
            failure(
                .misconfigured,
                hint: "client_cert and client_key must name readable PEM files that belong together"
            )
        case CURLE_SSL_CONNECT_ERROR where isCut: failure(.unreachable)
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            failure(
                .misconfigured,
                hint: "check that the server speaks TLS on this port (\(schemes)), and "
                    + "client_cert when it asks for one")
        case CURLE_SEND_FAIL_REWIND:
            // Its own words are about the rewind that it did not get.
            failure(.transient, words: "the connection ended without an answer")
        case CURLE_URL_MALFORMAT: failure(.misconfigured, hint: "check address")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            failure(
                .misconfigured, hint: "check address: what answers there does not speak \(expected)"
            )
        case _ where proxyStatus == 407 || proxyStatus == 403:
            failure(.misconfigured, hint: "check proxy, and the user and password in it")
        case _ where proxyStatus >= 300: failure(.unreachable, hint: "check proxy")
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            if words.contains("alert") {
                // TLS 1.3 tells that it wants a certificate only after the handshake.
                failure(.misconfigured, hint: "the server refuses client_cert, or asks for one")
            } else {
                failure(hasBegun ? .transient : .unreachable)
            }
        default: failure(.transient)
        }
    }

    /// OpenSSL has one code for "no TLS here" and for a connection that was cut in the handshake.
    private var isCut: Bool {
        words.contains("SYSCALL") || words.contains("reset by peer")
            || words.contains("unexpected eof")
    }

    private func failure(
        _ kind: BackendsError.Kind, words: String? = nil, hint: String = ""
    ) -> BackendsError {
        BackendsError(
            kind, operation: "send to", subject: server, cause: words ?? self.words, hint: hint)
    }
}
