//! Token soup and damaged programs: no macro panics, and no mistake is without a place.
//!
//! A longer run: `PROPTEST_CASES=1000000 cargo test --release -p tribune-macros fuzz`.

use std::str::FromStr;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use syn::Error;

use crate::testing::told;
use crate::{flow, task};

const FUNCTION: &str = "fn add(x: i64, y: &str) -> i64 { x + 1 }";

/// What a macro is given and is damaged.
const PROGRAMS: &[&str] = &[
    r#"name = "1/x task", slug = "a", tags = ["a", "b"], max_retries = 3, retry_delay = "1m 30s", timeout = "10s",
        trigger = some_failed(at_least = 1, at_most = 0.5), skip_on_upstream_skip = false, crate = ::tribune,
        state_handlers = [ALERTS, slack_notifier(only_states = [Failed, TimedOut], ignore_states = [Success],
        webhook_secret = "OPS"), callback(|state| state.is(Failed), page), |change, state| state], on_failure = page"#,
    r#"#[doc = "a"] #[cfg(test)] pub(crate) async fn add(x: i64, y: &[str], mut z: Option<&'static str>,
        f: fn(&str) -> usize) -> Result<Vec<i64>, Error> { x + 1 }"#,
    "fn add(&self, (a, b): (i64, i64), x: impl Into<i64>, y: &mut i64) -> impl Display where i64: Copy { }",
    "pub fn nightly(source: String, #[default(100)] limit: usize) -> (Vec<i64>, i64) {
        let rows = load(source = source); let n = for row in rows { double(row) }; (n, limit) }",
    r#"name = "f", state_handlers = [slack(only_states = [Failed])], reference_tasks = [b], schedule = cron("0 9 * * *"),
        |source: String, #[default(100)] limit: usize| {
            let (a, (b, _)) = pair();
            let c = fetch(x = limit, y = &source).name("first").after(a, b).timeout("1m").max_retries(3).retry_delay("1s");
            tasks::sum([a, load(1 + 2)], { helper() }, (a, c), vec![1], |x| x + 1);
            let d = -1;
            (c, a)
        }"#,
    r#""f", |limit: usize| {
            let a = for (x, (y, _)) in (load(), pairs) { if ready(x) { y } else { sum(x, y) } };
            match &kind(a) {
                Kind::Rows(n, ..) | Kind::Cells { n } if *n > 1_000 => load(n),
                other @ Kind::Empty => for x in vec![1] { sum(x, other); },
                _ => (),
            }
            if let Some(b) = a { sum(b); } else if limit { a; }
        }"#,
    r#""f", { let a = load()?; loop { a.await; } while a < 3 { return a; } let mut b: i64 = a + 1; b.0; async { b } println!("{a}"); fn x() {} }"#,
];

/// What is put where it does not belong.
const WORDS: &[&str] = &[
    "let",
    "mut",
    "for",
    "in",
    "if",
    "else",
    "match",
    "while",
    "loop",
    "async",
    "await",
    "return",
    "move",
    "fn",
    "struct",
    "impl",
    "dyn",
    "ref",
    "self",
    "crate",
    "pub",
    "const",
    "unsafe",
    "where",
    "break",
    "a",
    "x",
    "Failed",
    "name",
    "state_handlers",
    "only_states",
    "max_retries",
    "r#match",
    "_",
    "=",
    "==",
    "=>",
    "->",
    "::",
    ":",
    ";",
    ",",
    ".",
    "..",
    "..=",
    "?",
    "!",
    "|",
    "||",
    "&",
    "&&",
    "+",
    "-",
    "*",
    "<",
    ">",
    "#",
    "$",
    "@",
    "'a",
    "'static",
    "1",
    "-1",
    "1.5",
    "\"\"",
    "\"a\"",
    "\"https://hooks.slack.com/x\"",
    "b\"a\"",
    "'c'",
    "5_000_000_000",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "()",
    "[]",
    "{}",
    "#[cfg(test)]",
    "#[default(1)]",
    "x = 1",
    "load()",
    ".after(a)",
    "let a = load();",
    "a => b,",
];

/// One change of a program, at some place in it.
#[derive(Clone, Debug)]
enum Change {
    Remove(Index),
    Insert(Index, &'static str),
    Replace(Index, &'static str),
    Repeat(Index),
    Swap(Index, Index),
    CutAt(Index),
    /// Puts a piece of another program here.
    Graft(Index, usize, Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Change::Remove),
        (at(), select(WORDS)).prop_map(|(at, word)| Change::Insert(at, word)),
        (at(), select(WORDS)).prop_map(|(at, word)| Change::Replace(at, word)),
        at().prop_map(Change::Repeat),
        (at(), at()).prop_map(|(one, other)| Change::Swap(one, other)),
        at().prop_map(Change::CutAt),
        (at(), 0..PROGRAMS.len(), at(), 1..8_u8)
            .prop_map(|(at, program, from, length)| Change::Graft(at, program, from, length)),
    ]
}

fn apply(words: &mut Vec<String>, change: &Change) {
    let place = |at: &Index, words: &[String]| at.index(words.len() + 1);
    match change {
        Change::Insert(at, word) => {
            let at = place(at, words);
            words.insert(at, (*word).to_owned());
        }
        Change::Graft(at, program, from, length) => {
            let other = words_of(PROGRAMS[*program]);
            let from = from.index(other.len());
            let piece = other.into_iter().skip(from).take(usize::from(*length));
            let at = place(at, words);
            words.splice(at..at, piece);
        }
        _ if words.is_empty() => {}
        Change::Remove(at) => {
            words.remove(at.index(words.len()));
        }
        Change::Replace(at, word) => {
            let at = at.index(words.len());
            (*word).clone_into(&mut words[at]);
        }
        Change::Repeat(at) => {
            let at = at.index(words.len());
            words.insert(at, words[at].clone());
        }
        Change::Swap(one, other) => {
            let length = words.len();
            words.swap(one.index(length), other.index(length));
        }
        Change::CutAt(at) => words.truncate(at.index(words.len())),
    }
}

/// The tokens of a text, with their brackets apart.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    flatten(
        TokenStream::from_str(text).expect("it is a list of tokens"),
        &mut words,
    );
    words
}

fn flatten(tokens: TokenStream, words: &mut Vec<String>) {
    // The marks of `::` and the like stay together.
    let mut joint = false;
    for token in tokens {
        let is_joint = matches!(&token, TokenTree::Punct(mark) if mark.spacing() == Spacing::Joint);
        let continues = std::mem::replace(&mut joint, is_joint);
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                words.push(open.to_owned());
                flatten(group.stream(), words);
                words.push(close.to_owned());
            }
            other => match words.last_mut() {
                Some(last) if continues => last.push_str(&other.to_string()),
                _ => words.push(other.to_string()),
            },
        }
    }
}

/// The words as tokens: brackets without a partner are left out or closed at the end, as editors do.
fn tokens(words: &[String]) -> TokenStream {
    let (mut text, mut open) = (String::new(), Vec::new());
    for word in words {
        match &**word {
            "(" => open.push(")"),
            "[" => open.push("]"),
            "{" => open.push("}"),
            ")" | "]" | "}" if open.last() != Some(&&**word) => continue,
            ")" | "]" | "}" => drop(open.pop()),
            _ => {}
        }
        text.push_str(word);
        text.push(' ');
    }
    text.extend(open.iter().rev().copied());
    // A lone quote can make a text no list of tokens.
    TokenStream::from_str(&text).unwrap_or_default()
}

fn judge(
    source: &TokenStream,
    (expansion, errors): (TokenStream, Vec<Error>),
) -> Result<(), TestCaseError> {
    let mut told = told(&errors);
    for (underlined, message) in &told {
        let is_placed = !underlined.is_empty() || source.is_empty();
        prop_assert!(is_placed, "`{message}` has no place in\n{source}");
    }
    // The words of the errors and no others stand in the expansion.
    let emitted = expansion.to_string().matches("compile_error").count();
    prop_assert!(
        emitted >= told.len(),
        "{} of {} errors are told in\n{source}",
        emitted,
        told.len()
    );
    told.sort();
    let places: Vec<String> = errors
        .iter()
        .map(|error| format!("{:?} {error}", error.span().byte_range()))
        .collect();
    for (at, place) in places.iter().enumerate() {
        prop_assert!(
            !places[..at].contains(place),
            "`{place}` is told twice in\n{source}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn fuzz(program in 0..PROGRAMS.len(), changes in prop::collection::vec(change(), 0..12)) {
        let mut words = words_of(PROGRAMS[program]);
        for change in &changes {
            apply(&mut words, change);
        }
        let input = tokens(&words);
        judge(&input, flow::expand(input.clone()))?;
        judge(&input, task::expand(input.clone(), FUNCTION.parse().unwrap()))?;
        judge(&input, flow::expand_function(input.clone(), FUNCTION.parse().unwrap()))?;
        judge(&input, task::expand(TokenStream::new(), input.clone()))?;
        judge(&input, flow::expand_function(TokenStream::new(), input.clone()))?;
        proc_macro2::extra::invalidate_current_thread_spans();
    }

    #[test]
    fn fuzz_with_soup(words in prop::collection::vec(select(WORDS), 0..40)) {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let input = tokens(&words);
        judge(&input, flow::expand(input.clone()))?;
        judge(&input, task::expand(input.clone(), FUNCTION.parse().unwrap()))?;
        judge(&input, task::expand(TokenStream::new(), input.clone()))?;
        judge(&input, flow::expand_function(TokenStream::new(), input.clone()))?;
        proc_macro2::extra::invalidate_current_thread_spans();
    }
}
