use proptest::prelude::*;

use super::*;

fn line(text: &str) -> String {
    fit(text, Place::Line, 1000)
}

fn fence(text: &str) -> String {
    fit(text, Place::Fence, 1000)
}

#[test]
fn three_characters_are_escaped_once() {
    assert_eq!(line("a & b"), "a &amp; b");
    assert_eq!(line("Vec<u8>"), "Vec&lt;u8&gt;");
    assert_eq!(line("&amp;"), "&amp;amp;");
    assert_eq!(line("\"it's\" 100% ünïcödé 🦀"), "\"it's\" 100% ünïcödé 🦀");
}

#[test]
fn nobody_is_mentioned() {
    assert_eq!(
        line("<!channel> <@U012> <https://x|y>"),
        "&lt;!channel&gt; &lt;@U012&gt; &lt;https://x|y&gt;"
    );
}

#[test]
fn control_characters_are_left_out() {
    assert_eq!(line("a\x1b[31m\0b\r\n\tc\u{7f}"), "a[31mb\n\tc");
}

#[test]
fn backticks_cannot_end_a_code_block() {
    assert_eq!(
        fence("called `Option::unwrap()` on a `None`!"),
        "called `Option::unwrap()` on a `None`!"
    );
    assert_eq!(fence("a ``` b"), "a ˋˋˋ b");
    assert_eq!(fence("a ````` b"), "a ˋˋˋˋˋ b");
    assert_eq!(fence("`x` is ``y``"), "ˋx` is ``yˋˋ");
    assert_eq!(fence("`"), "ˋ");
    assert_eq!(fence(""), "");
    assert_eq!(line("`x` ``` `y`"), "`x` ˋˋˋ `y`");
}

#[test]
fn what_is_too_long_loses_its_middle() {
    let text: String = ('a'..='z').cycle().take(1000).collect();
    let cut = fit(&text, Place::Line, 100);
    assert!(
        cut.starts_with("abcdefghij") && cut.ends_with(&text[976..]),
        "{cut}"
    );
    assert!(cut.contains(" [... 927 characters ...] "), "{cut}");
    assert_eq!(cut.len(), 100 - 1);
}

#[test]
fn the_middle_of_a_huge_text_is_only_counted() {
    let text = format!("start {} end", "x".repeat(1_000_000));
    let cut = fit(&text, Place::Line, 100);
    assert!(
        cut.starts_with("start xxx") && cut.ends_with("xxx end"),
        "{cut}"
    );
    assert!(cut.contains(" [... 999940 characters ...] "), "{cut}");
    // What is not printable does not count.
    assert_eq!(fit(&"\0".repeat(1000), Place::Line, 100), "");
}

#[test]
fn what_just_fits_is_whole() {
    assert_eq!(fit(&"x".repeat(100), Place::Line, 100), "x".repeat(100));
    assert_eq!(fit(&"<".repeat(25), Place::Line, 100), "&lt;".repeat(25));
    assert!(fit(&"<".repeat(26), Place::Line, 100).contains(" characters ...] "));
}

/// Texts that are likely to break something.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[`<>&\n!@#|a]{0,12}",
        Just("```".to_owned()),
        Just("<!channel>".to_owned()),
        Just("&amp;".to_owned()),
        Just("🦀".repeat(40)),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_harmless_and_fits(text in texts(), limit in 40_usize..400, in_fence: bool) {
        let place = if in_fence { Place::Fence } else { Place::Line };
        let fitted = fit(&text, place, limit);
        prop_assert!(fitted.encode_utf16().count() <= limit);
        prop_assert!(!fitted.contains(['<', '>', '\0', '\x1b', '\r']));
        let unescaped = fitted.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
        prop_assert!(!unescaped.contains('&'), "half an entity in {fitted}");
        prop_assert!(!fitted.contains("```"));
        if in_fence {
            prop_assert!(!fitted.starts_with('`') && !fitted.ends_with('`'));
        }
    }

    #[test]
    fn a_text_that_fits_is_not_changed_but_for_escaping(text in "[a-z <>&\"'\n]{0,50}") {
        let back = line(&text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        prop_assert_eq!(back, text);
    }
}
