//! The HTTP side: webhooks as Slack has them, and the page.
//!
//! It listens on loopback only. A web page that the user happens to visit can reach it there too, so
//! requests are refused whose `Host` or `Origin` is another site's.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN,
    REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};

use crate::log::Log;
use crate::rules::{self, Refusal};

/// Slack takes less; this is where reading stops.
const LONGEST_BODY: usize = 1024 * 1024;
/// How much of a body that is no message is kept to be shown.
const LONGEST_EXCERPT: usize = 2000;

/// The page, with `{{url}}` where the webhook stands, and its parts: all that a browser may load.
const PAGE: &str = include_str!("page/index.html");
const FILES: [(&str, &str, &str); 5] = [
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/page.css", "text/css", include_str!("page/page.css")),
    ("/page.js", "text/javascript", include_str!("page/page.js")),
    (
        "/blocks.js",
        "text/javascript",
        include_str!("page/blocks.js"),
    ),
    (
        "/mrkdwn.js",
        "text/javascript",
        include_str!("page/mrkdwn.js"),
    ),
];
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) log: Arc<Log>,
    pub(crate) keep_pace: bool,
    /// The webhook that the page shows.
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn router(self) -> Router {
        let mut router = Router::new();
        for (path, kind, text) in FILES {
            router = router.route(
                path,
                get(move || async move { file(kind, text.to_owned()) }),
            );
        }
        router
            .route("/", get(page))
            .route("/events", get(events))
            .route("/services/{team}/{hook}/{secret}", post(webhook))
            .fallback(nowhere)
            .layer(DefaultBodyLimit::max(LONGEST_BODY))
            .layer(from_fn(from_this_machine))
            .with_state(self)
    }
}

async fn page(State(server): State<Server>) -> Response {
    file("text/html", PAGE.replace("{{url}}", &server.url))
}

fn file(kind: &str, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, text).into_response()
}

/// Refuses what another site's page sends, and what came through another site's name.
async fn from_this_machine(request: Request, next: Next) -> Response {
    if is_foreign(request.headers()) {
        return (StatusCode::FORBIDDEN, "only for programs on this machine").into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let header = |name: HeaderName| Some(headers.get(name)?.to_str().unwrap_or_default());
    let host = header(HOST).unwrap_or_default();
    let origin = header(ORIGIN);
    !is_loopback(host) || origin.is_some_and(|origin| origin != format!("http://{host}"))
}

fn is_loopback(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let name = uri.host().unwrap_or_default();
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// What Slack answers where there is no webhook.
async fn nowhere() -> Response {
    refuse(&Refusal::saying("no_service"))
}

fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [(CONTENT_TYPE, "text/html")], refusal.word()).into_response()
}

async fn webhook(
    State(server): State<Server>,
    Path((_team, hook, _secret)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let channel = hook.strip_prefix('B').unwrap_or(&hook).to_lowercase();
    if server.keep_pace
        && let Err(seconds) = server.log.pace(&channel)
    {
        return too_many(seconds);
    }
    let read = match json_of(&headers, &body) {
        Some(json) => rules::read(&json).map_err(|refusal| (refusal, json)),
        None => Err((Refusal::saying("invalid_payload"), body.to_vec())),
    };
    let (payload, verdict) = match read {
        Ok((payload, warnings)) => match server.log.refusal() {
            Some(refusal) => (payload, Err(refusal)),
            None => (payload, Ok(warnings)),
        },
        Err((refusal, body)) => (as_json(&body), Err(refusal)),
    };
    let answer = match &verdict {
        // Slack calls it HTML.
        Ok(_) => ([(CONTENT_TYPE, "text/html")], "ok").into_response(),
        Err(refusal) => refuse(refusal),
    };
    server.log.add(channel, payload, verdict);
    answer
}

/// The JSON of a request: its body, or the field `payload` of the form that it is.
fn json_of(headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    match kind.trim().to_ascii_lowercase().as_str() {
        "" | "application/json" | "text/plain" => Some(body.to_vec()),
        "application/x-www-form-urlencoded" => {
            let mut fields = form_urlencoded::parse(body);
            let (_, json) = fields.find(|(name, _)| name == "payload")?;
            Some(json.into_owned().into_bytes())
        }
        _ => None,
    }
}

/// What to show of a body that was refused: the message, if it is JSON at all.
fn as_json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        text.chars()
            .take(LONGEST_EXCERPT)
            .collect::<String>()
            .into()
    })
}

fn too_many(seconds: u64) -> Response {
    let headers = [
        (RETRY_AFTER, seconds.to_string()),
        (CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
    ];
    let body = json!({"retry_after": seconds, "ok": false, "error": "rate_limited"});
    (StatusCode::TOO_MANY_REQUESTS, headers, body.to_string()).into_response()
}

/// Every message after the one that the page has seen last, as they come.
async fn events(
    State(server): State<Server>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    // The id of another inbox, which was at this address before, does not count.
    let seen = seen.and_then(|id| id.strip_prefix(server.log.name())?.strip_prefix('-'));
    let seen = seen.and_then(|number| number.parse().ok()).unwrap_or(0);
    let messages = unfold((server.log, seen), |(log, seen)| async move {
        let message = log.after(seen).await;
        let number = message.number();
        let event = Event::default().id(format!("{}-{number}", log.name()));
        let event = event.data(message.to_json().to_string());
        Some((Ok(event), (log, number)))
    });
    Sse::new(messages).keep_alive(KeepAlive::default())
}
