use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::config::tests::Folder;

/// A user with this home and these environment variables.
struct Fixed {
    home: Option<PathBuf>,
    variables: HashMap<&'static str, OsString>,
}

impl Environment for Fixed {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned()
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }
}

fn secrets<const N: usize>(home: &Path, variables: [(&'static str, &str); N]) -> Secrets {
    let variables = variables.map(|(name, value)| (name, value.into())).into();
    Secrets::within(Fixed {
        home: Some(home.to_owned()),
        variables,
    })
}

fn value(secrets: &Secrets, name: &str) -> String {
    secrets.get(name).unwrap().expose().to_owned()
}

const VARIABLE: &str = "TRIBUNE__CONTEXT__SECRETS__KEY";

#[test]
fn the_first_place_that_has_it_wins() {
    let home = Folder::new();
    home.write(
        ".prefect/config.toml",
        "[context.secrets]\nKEY = 'original'",
    );
    assert_eq!(value(&secrets(home.path(), []), "KEY"), "original");
    home.write(".tribune/config.toml", "[context.secrets]\nKEY = 'own'");
    assert_eq!(value(&secrets(home.path(), []), "KEY"), "own");
    let variables = [(VARIABLE, "environment")];
    assert_eq!(
        value(&secrets(home.path(), variables), "KEY"),
        "environment"
    );
    let given = secrets(home.path(), variables)
        .with("KEY", "first")
        .with("KEY", "given");
    assert_eq!(value(&given, "KEY"), "given");
}

#[test]
fn the_own_file_is_where_tribune_home_says() {
    let home = Folder::new();
    home.write(
        "elsewhere/config.toml",
        "[context.secrets]\nKEY = 'elsewhere'",
    );
    home.write(".tribune/config.toml", "[context.secrets]\nKEY = 'home'");
    let elsewhere = home.path().join("elsewhere");
    let named = secrets(home.path(), [("TRIBUNE_HOME", elsewhere.to_str().unwrap())]);
    assert_eq!(value(&named, "KEY"), "elsewhere");
    assert_eq!(
        value(&secrets(home.path(), [("TRIBUNE_HOME", "")]), "KEY"),
        "home"
    );
}

#[test]
fn an_empty_variable_is_none() {
    let home = Folder::new();
    home.write(".tribune/config.toml", "[context.secrets]\nKEY = 'file'");
    assert_eq!(
        value(&secrets(home.path(), [(VARIABLE, "")]), "KEY"),
        "file"
    );
}

#[test]
fn the_case_of_the_name_is_kept() {
    let home = Folder::new();
    let upper = secrets(home.path(), [(VARIABLE, "upper")]);
    assert!(upper.get("Key").is_err());
}

#[test]
fn only_json_strings_are_unquoted() {
    for (text, expected) in [
        ("plain", "plain"),
        (r#""quoted""#, "quoted"),
        (r#" "quoted" "#, "quoted"),
        (r#""a\"b""#, "a\"b"),
        (r#""open"#, r#""open"#),
        ("42", "42"),
        ("'single'", "'single'"),
        ("[1]", "[1]"),
        ("null", "null"),
        ("", ""),
    ] {
        assert_eq!(Secret::parse(text).expose(), expected, "{text}");
    }
}

#[test]
fn a_missing_secret_says_where_it_was_looked_for() {
    let home = Folder::new();
    home.write(".prefect/config.toml", "[context.secrets]\nOTHER = 'x'");
    let home = home.path();
    let error = secrets(home, []).get("KEY").unwrap_err().to_string();
    let expected = format!(
        "the secret `KEY` is missing; looked in what the run was given, \
         the environment variable `TRIBUNE__CONTEXT__SECRETS__KEY`, \
         `[context.secrets]` in {0}/.tribune/config.toml (no such file), \
         `[context.secrets]` in {0}/.prefect/config.toml",
        home.display()
    );
    assert_eq!(error, expected);
}

#[test]
fn without_a_home_the_usual_places_are_named() {
    let secrets = Secrets::within(Fixed {
        home: None,
        variables: HashMap::new(),
    });
    let error = secrets.get("KEY").unwrap_err().to_string();
    let end = "`[context.secrets]` in ~/.tribune/config.toml (no home directory is known), \
               `[context.secrets]` in ~/.prefect/config.toml (no home directory is known)";
    assert!(error.ends_with(end), "{error}");
}

#[test]
fn a_value_that_is_no_text_is_a_mistake_where_it_is_used() {
    let home = Folder::new();
    home.write(
        ".tribune/config.toml",
        "[context.secrets]\nNUMBER = 42\nKEY = 'x'",
    );
    let secrets = secrets(home.path(), []);
    assert_eq!(value(&secrets, "KEY"), "x");
    let error = secrets.get("NUMBER").unwrap_err().to_string();
    assert!(error.starts_with("the secret `NUMBER` is no text; found in `[context.secrets]` in "));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_utf_8_is_no_text() {
    use std::os::unix::ffi::OsStringExt;

    let variables = [(VARIABLE, OsString::from_vec(vec![0xff]))].into();
    let secrets = Secrets::within(Fixed {
        home: None,
        variables,
    });
    assert!(matches!(
        secrets.get("KEY"),
        Err(SecretError::NotText { .. })
    ));
}

#[test]
fn a_broken_file_is_reported_and_never_quoted() {
    let home = Folder::new();
    home.write(
        ".tribune/config.toml",
        "[context.secrets]\nKEY = \"hunter2\n",
    );
    let secrets = secrets(home.path(), [(VARIABLE, "")]);
    let error = secrets.get("KEY").unwrap_err();
    assert!(matches!(error, SecretError::Config(_)));
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("config.toml, line 2, column "),
        "{error}"
    );
}

#[test]
fn a_file_is_read_once() {
    let home = Folder::new();
    home.write(".tribune/config.toml", "[context.secrets]\nKEY = 'x'");
    let secrets = secrets(home.path(), []);
    assert_eq!(value(&secrets, "KEY"), "x");
    fs::remove_dir_all(home.path()).unwrap();
    assert_eq!(value(&secrets, "KEY"), "x");
}

#[test]
fn nothing_prints_a_value() {
    let secrets = Secrets::new().with("KEY", "hunter2");
    let secret = secrets.get("KEY").unwrap();
    let printed = format!("{secrets:?} {secret:?} {:?}", Some(secret.clone()));
    assert!(
        printed.contains("KEY") && !printed.contains("hunter2"),
        "{printed}"
    );
}
