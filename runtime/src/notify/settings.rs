//! What `[notifications]` in the configuration file says.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{fs, io};

use toml::{Table, Value};

use crate::config::{Environment, Process};

/// The section `[notifications]` of `$TRIBUNE_HOME/config.toml`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The file in which messages are kept until they are settled.
    pub(crate) spool: Option<PathBuf>,
    /// The address of the page of a run, with `{run}` and `{flow}` in it.
    pub(super) console: Option<String>,
    /// The proxy, in place of the one that `HTTPS_PROXY` names.
    pub(super) proxy: Option<String>,
    /// A file with certificates that are trusted beside those of the system.
    pub(super) ca_file: Option<PathBuf>,
}

/// The settings of this process, which are read once.
///
/// # Errors
///
/// What is wrong with the file, in words.
pub(crate) fn settings() -> Result<&'static Settings, String> {
    static SETTINGS: OnceLock<Result<Settings, String>> = OnceLock::new();

    let settings = SETTINGS.get_or_init(|| Settings::read(Process.own_file().as_deref()));
    settings.as_ref().map_err(Clone::clone)
}

impl Settings {
    fn read(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let place = file.display();
        match fs::read_to_string(file) {
            Ok(text) => Self::parse(&text, file).map_err(|problem| format!("{place}: {problem}")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{place} cannot be read: {error}")),
        }
    }

    fn parse(text: &str, file: &Path) -> Result<Self, String> {
        // The error would quote the line, which may hold a secret.
        let root: Table = text
            .parse()
            .map_err(|_| "it is not valid TOML".to_owned())?;
        let mut settings = Self::default();
        let section = match root.get("notifications") {
            None => return Ok(settings),
            Some(Value::Table(section)) => section,
            Some(_) => return Err("`[notifications]` is not a section".to_owned()),
        };
        let folder = file.parent().unwrap_or(Path::new("."));
        for (key, value) in section {
            let text = |what| match value {
                Value::String(text) => Ok(text.clone()),
                _ => Err(format!("`[notifications] {key}` takes {what}")),
            };
            match key.as_str() {
                "spool" => {
                    settings.spool = match value {
                        Value::Boolean(false) => None,
                        Value::Boolean(true) => Some(folder.join("notifications.db")),
                        Value::String(name) => Some(folder.join(name)),
                        _ => {
                            let what = "true, false or the name of a file";
                            return Err(format!("`[notifications] spool` takes {what}"));
                        }
                    };
                }
                "console" => settings.console = Some(text("the URL of a run's page, in quotes")?),
                "proxy" => settings.proxy = Some(text("the URL of a proxy, in quotes")?),
                "ca_file" => {
                    let name = text("the name of a file with certificates, in quotes")?;
                    settings.ca_file = Some(folder.join(name));
                }
                _ => {
                    return Err(format!(
                        "`[notifications]` has no `{key}`, but `spool`, `console`, `proxy` and `ca_file`"
                    ));
                }
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(text, Path::new("home/config.toml"))
    }

    #[test]
    fn a_file_without_the_section_says_nothing() {
        assert_eq!(parse("[context.secrets]\nA = 'b'"), Ok(Settings::default()));
        assert_eq!(Settings::read(None), Ok(Settings::default()));
        let missing = Path::new("there/is/no/such.toml");
        assert_eq!(Settings::read(Some(missing)), Ok(Settings::default()));
    }

    #[test]
    fn files_are_beside_the_configuration() {
        let text = "[notifications]\nspool = true\nconsole = 'https://x/{run}'\n\
                    proxy = 'http://p'\nca_file = 'ca.pem'";
        let settings = Settings {
            spool: Some("home/notifications.db".into()),
            console: Some("https://x/{run}".to_owned()),
            proxy: Some("http://p".to_owned()),
            ca_file: Some("home/ca.pem".into()),
        };
        assert_eq!(parse(text), Ok(settings));
        let named = parse("[notifications]\nspool = 'a.db'").unwrap();
        assert_eq!(named.spool, Some("home/a.db".into()));
        assert_eq!(
            parse("[notifications]\nspool = false"),
            Ok(Settings::default())
        );
    }

    #[test]
    fn mistakes_are_named_without_what_is_secret() {
        for (text, problem) in [
            ("SECRET", "it is not valid TOML"),
            ("notifications = 1", "`[notifications]` is not a section"),
            (
                "[notifications]\nspool = 1",
                "`[notifications] spool` takes true, false",
            ),
            (
                "[notifications]\nproxy = true",
                "`[notifications] proxy` takes the URL",
            ),
            (
                "[notifications]\nspoool = true",
                "`[notifications]` has no `spoool`, but `spool`",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.starts_with(problem) && !error.contains("SECRET"),
                "{error}"
            );
        }
    }
}
