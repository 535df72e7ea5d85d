use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A folder of its own for one test, deleted at its end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("tribune-{}-{number}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        allow(&path, 0o600);
        path
    }
}

/// Gives the file this mode, where files have one.
pub(crate) fn allow(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn problem(text: &str) -> String {
    let path = PathBuf::from("config.toml");
    ConfigError {
        path,
        problem: secrets(text).err().unwrap(),
    }
    .to_string()
}

#[test]
fn everything_but_the_secrets_is_left_alone() {
    let text = "debug = true\n[context]\nx = 1\n[context.secrets]\nA = 'a'\nB = 2\n[server]\n";
    let secrets = secrets(text).unwrap();
    assert!(matches!(&secrets["A"], Entry::Text(secret) if secret.expose() == "a"));
    assert!(matches!(secrets["B"], Entry::Other));
    assert_eq!(secrets.len(), 2);
}

#[test]
fn a_file_without_the_section_has_no_secrets() {
    for text in ["", "[server]", "[context]", "[context.secrets]"] {
        assert!(secrets(text).unwrap().is_empty(), "{text}");
    }
}

#[test]
fn mistakes_are_told_by_place_and_never_quoted() {
    assert_eq!(
        problem("\n\n  x = hunter2"),
        "config.toml, line 3, column 7: string values must be quoted, expected literal string"
    );
    assert_eq!(
        problem("context = 'hunter2'"),
        "config.toml: `[context]` is not a section"
    );
    assert_eq!(
        problem("[context]\nsecrets = 'hunter2'"),
        "config.toml: `[context.secrets]` is not a section"
    );
    for text in [
        "hunter2",
        "[context.secrets]\nhunter2",
        "x = 'é' hunter2",
        "a = 'hunter2'\na = 1",
    ] {
        let problem = problem(text);
        assert!(
            problem.contains("line ") && !problem.contains("hunter2"),
            "{problem}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    let path = folder.write("config.toml/file", "");
    let path = path.parent().unwrap().to_owned();
    let error = File::read(Some(path.clone()), "").err().unwrap();
    assert_eq!(error.path(), path);
    let start = format!("{} cannot be read: ", path.display());
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn a_missing_file_is_empty() {
    let folder = Folder::new();
    let file = folder.write("file", "");
    for path in [folder.path().join("missing"), file.join("below-a-file")] {
        let read = File::read(Some(path), "").unwrap();
        assert!(read.secret("KEY").is_none());
        assert!(read.place().ends_with("(no such file)"));
    }
}

#[cfg(unix)]
#[test]
fn a_file_with_secrets_that_others_can_read_is_refused_or_warned_of() {
    use crate::notify::testing::Log;

    let folder = Folder::new();
    let path = folder.write("config.toml", "[context.secrets]\nKEY = 'hunter2'");
    let log = |mode| {
        allow(&path, mode);
        Log::of(|| drop(File::read_original(Some(path.clone()), "").unwrap()))
    };
    assert_eq!(log(0o600), "");
    let warning = log(0o644);
    let mends = format!("`chmod 600 {}` mends that", path.display());
    assert!(
        warning.starts_with("WARN ") && warning.contains(&mends),
        "{warning}"
    );
    assert!(!warning.contains("hunter2"));
    let error = File::read_own(Some(path.clone()), "").err().unwrap();
    assert!(error.to_string().ends_with(&mends), "{error}");
    fs::write(&path, "[server]").unwrap();
    assert_eq!(log(0o644), "");
    assert!(File::read_own(Some(path), "").is_ok());
}
