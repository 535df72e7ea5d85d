use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::config::tests::Folder;

/// A user with this home and these environment variables.
pub(crate) struct Fixed {
    home: Option<PathBuf>,
    variables: HashMap<&'static str, OsString>,
}

impl Fixed {
    pub(crate) fn at<const N: usize>(home: &Path, variables: [(&'static str, &str); N]) -> Self {
        Self {
            home: Some(home.to_owned()),
            variables: variables.map(|(name, value)| (name, value.into())).into(),
        }
    }
}

impl Environment for Fixed {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned()
    }

    fn variables(&self) -> Vec<String> {
        self.variables.keys().map(ToString::to_string).collect()
    }

    /// A test has no business with the keys of who runs it.
    fn may_have_key_store(&self) -> bool {
        false
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }
}

fn secrets<const N: usize>(home: &Path, variables: [(&'static str, &str); N]) -> Secrets {
    Secrets::within(Fixed::at(home, variables))
}

fn value(secrets: &Secrets, name: &str) -> String {
    secrets.get(name).unwrap().expose().to_owned()
}

const VARIABLE: &str = "TRIBUNE__CONTEXT__SECRETS__KEY";
const VARIABLE_OF_FILE: &str = "TRIBUNE__CONTEXT__SECRETS__KEY_FILE";

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
    let store = SecretStore::within(&Fixed::at(home.path(), [])).unwrap();
    store.set("KEY", "stored", []).unwrap();
    assert_eq!(value(&secrets(home.path(), []), "KEY"), "stored");
    let file = home.write("mounted", "mounted\n");
    let mounted = (VARIABLE_OF_FILE, file.to_str().unwrap());
    assert_eq!(value(&secrets(home.path(), [mounted]), "KEY"), "mounted");
    let variables = [(VARIABLE, "environment"), mounted];
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
         the file that `TRIBUNE__CONTEXT__SECRETS__KEY_FILE` names, \
         the store {0}/.tribune/secrets.sealed, \
         `[context.secrets]` in {0}/.tribune/config.toml (no such file), \
         `[context.secrets]` in {0}/.prefect/config.toml; \
         `tribune secret set KEY` stores it",
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
    let end = "the store (no home directory is known), \
               `[context.secrets]` in ~/.tribune/config.toml (no home directory is known), \
               `[context.secrets]` in ~/.prefect/config.toml (no home directory is known); \
               `tribune secret set KEY` stores it";
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
fn a_file_of_one_secret_ends_without_its_newline() {
    let home = Folder::new();
    for (text, expected) in [
        ("x\n", "x"),
        ("x\r\n", "x"),
        ("x\n\n", "x\n"),
        ("\"x\"\n", "x"),
        ("", ""),
    ] {
        let path = home.write("secret", text);
        let variables = [(VARIABLE_OF_FILE, path.to_str().unwrap())];
        assert_eq!(
            value(&secrets(home.path(), variables), "KEY"),
            expected,
            "{text:?}"
        );
    }
    let error = secrets(home.path(), [(VARIABLE_OF_FILE, "/there/is/no/file")]).get("KEY");
    let error = error.unwrap_err().to_string();
    let start =
        format!("the secret `KEY` cannot be read from the file that `{VARIABLE_OF_FILE}` names: ");
    assert!(error.starts_with(&start), "{error}");
    fs::write(home.path().join("secret"), [0xff]).unwrap();
    let path = home.path().join("secret");
    let error = secrets(home.path(), [(VARIABLE_OF_FILE, path.to_str().unwrap())]).get("KEY");
    assert!(matches!(error, Err(SecretError::NotText { .. })));
}

#[test]
fn a_store_that_does_not_open_is_an_error_only_where_it_is_needed() {
    let home = Folder::new();
    home.write(".tribune/secrets.sealed", "not sealed");
    assert_eq!(value(&secrets(home.path(), [(VARIABLE, "x")]), "KEY"), "x");
    let error = secrets(home.path(), []).get("KEY").unwrap_err();
    assert!(matches!(error, SecretError::Store(_)), "{error}");
}

#[test]
fn a_list_tells_all_places_and_which_of_them_count() {
    let home = Folder::new();
    home.write(
        ".prefect/config.toml",
        "[context.secrets]\nKEY = 'a'\nOLD = 'hunter2'",
    );
    home.write(".tribune/config.toml", "[context.secrets]\nKEY = 'b'");
    let store = SecretStore::within(&Fixed::at(home.path(), [])).unwrap();
    store.set("OPS", "hunter2", [("channel", "#ops")]).unwrap();
    let variables = [
        (VARIABLE, "hunter2"),
        ("TRIBUNE__CONTEXT__SECRETS__OPS_FILE", "/run/secrets/ops"),
        ("TRIBUNE__CONTEXT__SECRETS__EMPTY", ""),
        ("PATH", "/bin"),
    ];
    let list = secrets(home.path(), variables)
        .with("KEY", "hunter2")
        .list()
        .unwrap();
    let shown: Vec<_> = list
        .iter()
        .map(|secret| {
            let used = if secret.is_used() { "+" } else { "-" };
            let channel = secret.about().get("channel").map_or("", String::as_str);
            let place = secret.place().replace(home.path().to_str().unwrap(), "~");
            format!("{used} {} {place} {channel}", secret.name())
                .trim_end()
                .to_owned()
        })
        .collect();
    assert_eq!(
        shown,
        [
            "+ KEY what the run was given",
            "- KEY the environment variable `TRIBUNE__CONTEXT__SECRETS__KEY`",
            "- KEY `[context.secrets]` in ~/.tribune/config.toml",
            "- KEY `[context.secrets]` in ~/.prefect/config.toml",
            "+ OLD `[context.secrets]` in ~/.prefect/config.toml",
            "+ OPS the file that `TRIBUNE__CONTEXT__SECRETS__OPS_FILE` names",
            "- OPS the store ~/.tribune/secrets.sealed #ops",
        ]
    );
    assert!(!format!("{list:?}").contains("hunter2"));
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
