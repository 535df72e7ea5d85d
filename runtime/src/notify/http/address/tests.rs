use super::*;

fn parse(address: &str) -> Result<Address, &'static str> {
    Address::parse(&address.into())
}

const SLACK: &str = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

#[test]
fn https_and_loopback_are_taken() {
    for address in [
        SLACK,
        "https://hooks.slack-gov.com/services/T/B/X",
        "https://chat.example.org/hooks/abc",
        "https://chat.example.org/triggers/abc",
        "http://127.0.0.1:8080/x",
        "http://127.9.9.9/x",
        "http://localhost/x",
        "http://[::1]:80/x",
        "  https://example.org/x\n",
    ] {
        assert!(parse(address).is_ok(), "{address}");
    }
}

#[test]
fn everything_else_is_refused_with_a_reason() {
    for (address, reason) in [
        ("", "is not a URL"),
        ("hooks.slack.com/services/T/B/X", "is not a URL"),
        ("ftp://example.org", "is not an https URL"),
        ("http://hooks.slack.com/services/T/B/X", "is an http URL"),
        ("http://localhost.example.org/", "is an http URL"),
        ("http://128.0.0.1/", "is an http URL"),
        (
            "https://hooks.slack.com/workflows/T/A/N/X",
            "starts a workflow",
        ),
        (
            "https://hooks.slack.com/triggers/T/N/X",
            "starts a workflow",
        ),
    ] {
        let problem = parse(address).unwrap_err();
        assert!(problem.starts_with(reason), "{address}: {problem}");
        assert!(address.is_empty() || !problem.contains(address));
    }
}

#[test]
fn no_text_gives_the_address_away() {
    let webhook = parse(SLACK).unwrap();
    assert_eq!(format!("{webhook:?}"), "Address([REDACTED])");
    assert_eq!(webhook.redact("nothing to see"), "nothing to see");
    assert_eq!(
        webhook.redact(&format!("for url ({SLACK})")),
        "for url ([REDACTED])"
    );
    for text in [
        "GET /services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX HTTP/1.1",
        r"https:\/\/hooks.slack.com\/services\/T00000000\/B00000000\/XXXXXXXXXXXXXXXXXXXXXXXX",
        "services%2FT00000000%2FB00000000%2FXXXXXXXXXXXXXXXXXXXXXXXX",
    ] {
        let redacted = webhook.redact(text);
        assert!(!redacted.contains("XXXXXX"), "{redacted}");
    }
}

#[test]
fn words_that_a_short_address_shares_stay() {
    let webhook = parse("https://example.org/x/webhooks").unwrap();
    assert_eq!(
        webhook.redact("1/x task of the webhooks"),
        "1/x task of the webhooks"
    );
}
