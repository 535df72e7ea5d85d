//! The page in a real browser: Chromium, headless, driven by its driver.
//!
//! A machine that builds this need not have them, so `cargo test` leaves these tests out, and
//! `.ci/run` runs them. Pictures of the page are left in `target/tmp` for a person to look at.

mod browser;
mod samples;

use std::fmt::Write;

use serde_json::Value;
use tribune_inbox::Inbox;

use browser::{Browser, Look};
use samples::post;

const WIDE: Look = Look {
    width: 1100,
    is_dark: false,
};
const NARROW: Look = Look {
    width: 360,
    is_dark: false,
};
const DARK: Look = Look {
    width: 1100,
    is_dark: true,
};
const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";
const ESCAPE: &str = "\u{e00c}";
/// The newest message is in view.
const AT_END: &str = "innerHeight + scrollY >= document.documentElement.scrollHeight - 1 && document.getElementById('newest').hidden";

/// A browser that shows all samples.
fn open(inbox: &Inbox, look: Look) -> Browser {
    let count = samples::fill(inbox);
    let browser = Browser::open(&inbox.page_url(), look);
    browser.wait(&format!(
        "document.querySelectorAll('article').length === {count}"
    ));
    browser
}

#[test]
#[ignore = "needs chromium and its driver"]
fn messages_look_as_in_slack() {
    let inbox = Inbox::start().unwrap();
    let browser = open(&inbox, WIDE);
    let text =
        |selector: &str| browser.text(&format!("document.querySelector(\"{selector}\").innerText"));
    assert_eq!(text("#m1 strong"), "channel");
    assert_eq!(text("#m1 em"), "Tribune");
    assert_eq!(text("#m1 s"), "old");
    assert_eq!(text("#m1 .text code"), "cargo run");
    assert_eq!(text("#m1 blockquote"), "quoted\nand more");
    assert_eq!(text("#m1 .mention.loud"), "@here");
    assert_eq!(text("#m1 .emoji"), "👋");
    assert_eq!(text("#m1 a"), "the docs");
    assert_eq!(
        browser.text("document.querySelector('#m1 a').href"),
        "https://example.org/a?b=1"
    );
    assert_eq!(
        browser.text("document.querySelector('#m1 a').rel"),
        "noopener noreferrer"
    );

    // The state is told by its sign, its word and its colour, each of them enough.
    assert!(
        text("#m2 .text").contains("❌ Task 1/x task is Failed"),
        "{}",
        text("#m2")
    );
    let bar =
        "getComputedStyle(document.querySelector('#m2 .attachment'), '::before').backgroundColor";
    assert_eq!(browser.text(bar), "rgb(235, 0, 0)");
    assert_eq!(text("#m2 pre"), "attempt to divide by zero\n  at div");
    assert_eq!(text("#m2 .fields div:nth-child(2)"), "Attempt\n2 of 3");
    assert_eq!(
        text("#m2 time[title]"),
        "February 18, 2014 at 2:39 PM".replace("2:39", &local_time(&browser))
    );

    assert_eq!(text("#m3 .author"), "Tribune");
    assert_eq!(text("#m3 .title"), "Failed");
    assert_eq!(text("#m3 .field.wide .text"), "attempt to divide by zero");
    assert!(text("#m3 .footer").starts_with("Tribune notification | "));
    assert_eq!(text("#m4 .button.primary"), "Approve");
    assert_eq!(text("#m4 h3"), "Nightly report 🚀");
    browser.picture("inbox-wide");
}

/// What the clock of the browser shows at the sample's time.
fn local_time(browser: &Browser) -> String {
    let time = browser.text(
        "new Date(1392734382000).toLocaleTimeString('en-US', {hour: 'numeric', minute: '2-digit'})",
    );
    time.split_whitespace().next().unwrap().to_owned()
}

#[test]
#[ignore = "needs chromium and its driver"]
fn what_is_written_is_text_and_nothing_is_loaded_from_elsewhere() {
    let inbox = Inbox::start().unwrap();
    let browser = open(&inbox, WIDE);
    let hostile = browser.text("document.querySelector('#m5').innerText");
    assert!(
        hostile.contains("<img src=x onerror=window.hacked=1>"),
        "{hostile}"
    );
    assert_eq!(browser.eval("document.querySelectorAll('article :is(script, img, iframe, [onerror], [style*=url])').length"), 0);
    assert_eq!(browser.eval("window.hacked === undefined"), true);
    assert_eq!(browser.eval("[...document.querySelectorAll('article a')].every(a => /^(https?|mailto):/.test(a.href))"), true);
    let origins = "[...new Set(performance.getEntriesByType('resource').map(e => new URL(e.name).origin))].join()";
    assert_eq!(format!("{}/", browser.text(origins)), inbox.page_url());
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

#[test]
#[ignore = "needs chromium and its driver"]
fn what_slack_would_refuse_or_show_badly_is_said() {
    let inbox = Inbox::start().unwrap();
    let browser = open(&inbox, WIDE);
    let refusal = browser.text("document.querySelector('.refused .refusal').innerText");
    assert!(
        refusal.contains("⛔ Refused: 400 invalid_blocks"),
        "{refusal}"
    );
    assert!(
        refusal.contains("may have 3000 at /blocks/0/text/text"),
        "{refusal}"
    );
    browser.click("#m5 .warnings summary");
    let warnings = browser.text("document.querySelector('#m5 .warnings').innerText");
    assert!(warnings.contains("unescaped_lt at /text"), "{warnings}");
}

#[test]
#[ignore = "needs chromium and its driver"]
fn messages_come_by_themselves_and_stay_when_the_program_ends() {
    let inbox = Inbox::start().unwrap();
    let browser = Browser::open(&inbox.page_url(), WIDE);
    browser.wait("document.getElementById('status').innerText === 'Live'");
    assert!(
        browser
            .text("document.getElementById('empty').innerText")
            .contains(&inbox.url())
    );
    post(&inbox, "general", r#"{"text": "first"}"#);
    browser.wait("document.querySelector('#m1 .text')?.innerText === 'first'");
    assert_eq!(
        browser.eval("document.getElementById('empty').hidden"),
        true
    );
    post(&inbox, "ops", r#"{"text": "second"}"#);
    browser.wait("document.querySelectorAll('#channels button').length === 2");
    assert_eq!(browser.eval("document.querySelector('#m2').hidden"), true);
    browser.click("#channels button:last-child");
    assert_eq!(
        browser.text("document.querySelector('h1').innerText"),
        "# ops"
    );
    assert_eq!(browser.eval("document.querySelector('#m2').hidden"), false);
    assert!(browser.text("document.title").contains("#ops (1)"));
    drop(inbox);
    browser.wait("document.getElementById('status').innerText.startsWith('The program has ended')");
    assert_eq!(
        browser.eval("document.querySelectorAll('article').length"),
        2
    );
}

#[test]
#[ignore = "needs chromium and its driver"]
fn a_flood_leaves_the_newest_thousand() {
    let inbox = Inbox::start().unwrap();
    for number in 1..=1001 {
        post(
            &inbox,
            "general",
            &format!(r#"{{"text": "number {number}"}}"#),
        );
    }
    let browser = Browser::open(&inbox.page_url(), WIDE);
    browser.wait("document.querySelector('#m1001')");
    post(&inbox, "general", r#"{"text": "last"}"#);
    browser.wait("document.querySelector('#m1002') && !document.querySelector('#m2')");
    assert_eq!(
        browser.eval("document.querySelectorAll('article').length"),
        1000
    );
    browser.wait(AT_END);
}

#[test]
#[ignore = "needs chromium and its driver"]
fn messages_can_be_searched_and_read_raw_by_the_keyboard_alone() {
    let inbox = Inbox::start().unwrap();
    let browser = open(&inbox, WIDE);
    let shown = "[...document.querySelectorAll('article:not([hidden])')].map(a => a.id).join()";
    browser.press("/");
    browser.press("nightly");
    assert_eq!(browser.text(shown), "m4");
    assert_eq!(
        browser.text("document.getElementById('found').innerText"),
        "1 of 7"
    );
    browser.press(" nothing like it");
    assert_eq!(browser.text(shown), "");
    assert_eq!(
        browser.eval("document.getElementById('nothing').hidden"),
        false
    );
    browser.press(ESCAPE);
    assert_eq!(
        browser.eval("document.querySelectorAll('article:not([hidden])').length"),
        7
    );

    let mut reached = String::new();
    for _ in 0..40 {
        browser.press(TAB);
        let here = browser.text("document.activeElement.closest('article')?.id + ' ' + document.activeElement.innerText");
        writeln!(reached, "{here}").unwrap();
        if here == "m3 JSON" {
            let outline = browser.text("getComputedStyle(document.activeElement).outlineStyle");
            assert_eq!(outline, "solid", "the focus is seen");
            browser.press(ENTER);
            break;
        }
    }
    browser.wait("document.querySelector('#m3 .raw pre').innerText !== ''");
    let raw = browser.text("document.querySelector('#m3 .raw pre').innerText");
    let raw: Value =
        serde_json::from_str(&raw).unwrap_or_else(|error| panic!("{error}: {reached}"));
    assert_eq!(&raw, inbox.messages()[2].payload());
}

#[test]
#[ignore = "needs chromium and its driver"]
fn a_narrow_screen_shows_everything() {
    let inbox = Inbox::start().unwrap();
    let browser = open(&inbox, NARROW);
    assert_eq!(browser.eval("document.documentElement.scrollWidth"), 360);
    let over = "[...document.querySelectorAll('article *')].filter(e => e.getBoundingClientRect().right > 360 && !e.closest('pre, .refused')).map(e => e.className).join()";
    assert_eq!(browser.text(over), "");
    // The newest message is in view, until a reader goes up.
    assert_eq!(browser.eval(AT_END), true);
    browser.eval("scrollTo(0, 0)");
    post(&inbox, "general", r#"{"text": "one more"}"#);
    browser.wait("document.querySelectorAll('article').length === 8");
    assert_eq!(browser.eval("scrollY"), 0);
    browser.click("#newest");
    browser.wait(AT_END);
    let small = "[...document.querySelectorAll('button, summary')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 16).length";
    assert_eq!(browser.eval(small), 0);
    browser.picture("inbox-narrow");
}

/// The texts whose contrast with what is behind them is below 4.5 to 1, as WCAG counts it.
const FAINT: &str = "(() => {
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (node) => {
        for (let n = node; n; n = n.parentElement) {
            const color = parts(getComputedStyle(n).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const own = (node) => [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    return [...document.querySelectorAll('body *')].filter(n => own(n) && n.offsetParent).map(n => {
        const [a, b] = [light(parts(getComputedStyle(n).color)), light(behind(n))].sort((x, y) => y - x);
        return [(a + 0.05) / (b + 0.05), n];
    }).filter(([ratio]) => ratio < 4.5).map(([ratio, n]) => `${ratio.toFixed(1)} ${n.tagName}.${n.className}`).join();
})()";

#[test]
#[ignore = "needs chromium and its driver"]
fn every_text_stands_out_from_what_is_behind_it() {
    let inbox = Inbox::start().unwrap();
    assert_eq!(open(&inbox, WIDE).text(FAINT), "");
    let inbox = Inbox::start().unwrap();
    let browser = open(&inbox, DARK);
    assert_eq!(browser.text(FAINT), "");
    assert_eq!(
        browser.text("getComputedStyle(document.body).backgroundColor"),
        "rgb(26, 29, 33)"
    );
    browser.picture("inbox-dark");
}
