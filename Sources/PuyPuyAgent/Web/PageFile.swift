/// A file of the page that the web server shows: `Page/`, compiled in.
enum PageFile: String, CaseIterable {
    case html = ""
    case script = "page.js"
    case client = "client.js"
    case elements = "elements.js"
    case overview = "overview.js"
    case explore = "explore.js"
    case chart = "chart.js"
    case style = "page.css"
    case icon = "page.svg"

    /// The file of a path's only part; `nil` when there is none.
    init?(_ name: String) { self.init(rawValue: name) }

    /// Nothing is loaded from elsewhere, no script or style stands in the page itself, and no other page
    /// may frame it. https://www.w3.org/TR/CSP3/
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// The file as an answer.
    var answer: WebAnswer {
        WebAnswer(
            status: 200, contentType: contentType, body: bytes,
            headers: [
                "Content-Security-Policy": Self.contentSecurityPolicy,
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            ])
    }

    private var contentType: String {
        switch self {
        case .html: "text/html; charset=utf-8"
        case .script, .client, .elements, .overview, .explore, .chart:
            "text/javascript; charset=utf-8"
        case .style: "text/css; charset=utf-8"
        case .icon: "image/svg+xml"
        }
    }

    private var bytes: [UInt8] {
        switch self {
        case .html: PackageResources.page_html
        case .script: PackageResources.page_js
        case .client: PackageResources.client_js
        case .elements: PackageResources.elements_js
        case .overview: PackageResources.overview_js
        case .explore: PackageResources.explore_js
        case .chart: PackageResources.chart_js
        case .style: PackageResources.page_css
        case .icon: PackageResources.page_svg
        }
    }
}
