//! `gmail_notifier`: alerts by e-mail.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport as _};

use super::alert::Alert;
use super::channel::{Channel, Destination, Opened, Outcome};
use super::digest::Digest;
use super::kept::{Kept, KeptEmail};
use super::notifier::Notifier;
use crate::secret::{Secret, Secrets};

/// Sends an e-mail about every change of state, by the account whose name and password are the secrets
/// `EMAIL_USERNAME` and `EMAIL_PASSWORD`.
///
/// It writes to the address of the account itself, unless [`to`](Notifier::to) says otherwise, and
/// through Gmail, unless [`server`](Notifier::server) does; Gmail wants an app password. It keeps the
/// promises of every [notifier](super) and has the same filters. What comes while one e-mail waits is
/// put together: at most one e-mail a minute tells of several changes.
///
/// # Examples
///
/// ```
/// use tribune::notify::{EmailNotifier, gmail_notifier};
/// use tribune::prelude::*;
///
/// const MAIL: EmailNotifier = gmail_notifier
///     .only_states(&[Failed])
///     .server("smtp.example.org", 465)
///     .from("Flows <flows@example.org>")
///     .to("ops@example.org");
///
/// #[task(state_handlers = [MAIL])]
/// fn load() {}
/// ```
#[expect(
    non_upper_case_globals,
    reason = "it is written like a function, as an option of a task"
)]
pub const gmail_notifier: EmailNotifier = Notifier::new(
    "EMAIL_USERNAME",
    Email {
        server: "smtp.gmail.com",
        port: 465,
        to: None,
        from: None,
        password: "EMAIL_PASSWORD",
        timeout: Duration::from_secs(10),
    },
)
.digest(Digest::after(1).every(Duration::from_secs(60)));

/// The type of [`gmail_notifier`], where it is described.
pub type EmailNotifier = Notifier<Email>;

/// A mail server and an account, as [`gmail_notifier`] writes through them.
#[derive(Clone, Copy, Debug)]
pub struct Email {
    server: &'static str,
    port: u16,
    to: Option<&'static str>,
    from: Option<&'static str>,
    password: &'static str,
    timeout: Duration,
}

impl Notifier<Email> {
    /// Sends through this server, over TLS from the first byte; to a server on this machine, without.
    pub const fn server(mut self, name: &'static str, port: u16) -> Self {
        self.destination.server = name;
        self.destination.port = port;
        self
    }

    /// Writes to this address: `ops@example.org` or `Ops <ops@example.org>`.
    pub const fn to(mut self, address: &'static str) -> Self {
        self.destination.to = Some(address);
        self
    }

    /// Writes from this address; without it, from that of the account.
    pub const fn from(mut self, address: &'static str) -> Self {
        self.destination.from = Some(address);
        self
    }

    /// Takes the name of the account, and its password, from the secrets of these names.
    pub const fn account_secrets(mut self, username: &'static str, password: &'static str) -> Self {
        self.name = username;
        self.destination.password = password;
        self
    }

    /// Waits this long for each answer of the server; without it, 10 seconds.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.destination.timeout = timeout;
        self
    }
}

impl Email {
    /// The way as it is in the spool.
    #[cfg(feature = "spool")]
    pub(super) fn kept(kept: KeptEmail) -> Self {
        use super::kept::interned;

        Self {
            server: interned(kept.server),
            port: kept.port,
            to: kept.to.map(interned),
            from: kept.from.map(interned),
            password: interned(kept.password),
            timeout: kept.timeout,
        }
    }

    fn transport(&self, username: &Secret, password: &Secret) -> Result<SmtpTransport, Error> {
        let address = self.server.parse::<IpAddr>();
        let local =
            self.server == "localhost" || address.is_ok_and(|address| address.is_loopback());
        let builder = match local {
            true => SmtpTransport::builder_dangerous(self.server),
            false => SmtpTransport::relay(self.server)?,
        };
        let (username, password) = (username.expose().to_owned(), password.expose().to_owned());
        Ok(builder
            .port(self.port)
            .credentials(Credentials::new(username, password))
            .timeout(Some(self.timeout))
            .build())
    }
}

impl Destination for Email {
    fn title(&self) -> &'static str {
        "Email"
    }

    fn open(&self, name: &str, secrets: &Secrets) -> Result<Opened, String> {
        let secret = |name| secrets.get(name).map_err(|error| error.to_string());
        let (username, password) = (secret(name)?, secret(self.password)?);
        let account = || match username.expose().parse::<Mailbox>() {
            Ok(mailbox) => Ok(mailbox),
            Err(_) => Err(format!("the secret `{name}` is not an e-mail address")),
        };
        let written = |text: &str| {
            let mailbox = text.parse::<Mailbox>();
            mailbox.map_err(|_| format!("`{text}` is not an e-mail address"))
        };
        let (to, from) = (
            self.to.map_or_else(account, written)?,
            self.from.map_or_else(account, written)?,
        );
        let key = format!(
            "mail {} {} {} {to}",
            self.server,
            self.port,
            username.expose()
        );
        let channel = Mail {
            email: *self,
            to,
            from,
            secrets: [username, password],
        };
        Ok(Opened::new(key, channel))
    }

    fn kept(&self) -> Option<String> {
        let kept = Kept::Email(KeptEmail {
            server: self.server.to_owned(),
            port: self.port,
            to: self.to.map(str::to_owned),
            from: self.from.map(str::to_owned),
            password: self.password.to_owned(),
            timeout: self.timeout,
        });
        Some(kept.to_text())
    }
}

struct Mail {
    email: Email,
    to: Mailbox,
    from: Mailbox,
    secrets: [Secret; 2],
}

impl Mail {
    fn message(&self, alert: &Alert) -> Result<Message, String> {
        let title = alert.title();
        let subject = title.split_whitespace().collect::<Vec<_>>().join(" ");
        Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(format!("Tribune: {subject}"))
            .multipart(MultiPart::alternative_plain_html(
                format!("{title}\n\n{}", alert.body()),
                html(alert),
            ))
            .map_err(|error| error.to_string())
    }

    /// What an error means; a server may quote what it was sent.
    fn explain(&self, error: &Error) -> Outcome {
        let mut reason = error.to_string();
        for secret in self.secrets.iter().map(Secret::expose) {
            if !secret.is_empty() {
                reason = reason.replace(secret, "[REDACTED]");
            }
        }
        let code = error.status().map(u16::from);
        match code {
            Some(530 | 534 | 535 | 538) => Outcome::Closed(format!(
                "the mail server does not know the account: {reason}"
            )),
            Some(500..) => Outcome::Refused(format!("the mail server does not take it: {reason}")),
            Some(_) => Outcome::Unreachable(format!("the mail server is in trouble: {reason}")),
            None if error.is_tls() => {
                Outcome::Closed(format!("the mail server is not trusted: {reason}"))
            }
            None if error.is_client() => Outcome::Refused(reason),
            None => Outcome::Uncertain(format!("the mail server does not answer: {reason}")),
        }
    }
}

impl Channel for Mail {
    fn send(&self, alert: &Alert) -> Outcome {
        let message = match self.message(alert) {
            Ok(message) => message,
            Err(reason) => return Outcome::Refused(reason),
        };
        let [username, password] = &self.secrets;
        let transport = self.email.transport(username, password);
        match transport.and_then(|transport| transport.send(&message)) {
            Ok(_) => Outcome::Delivered,
            Err(error) => self.explain(&error),
        }
    }
}

fn html(alert: &Alert) -> String {
    let (title, body) = (escape(&alert.title()), escape(&alert.body()));
    let color = alert.kind().color();
    format!("<p style=\"color: {color}\"><b>{title}</b></p>\n<pre>{body}</pre>\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::testing::alert;
    use crate::state::StateKind::Failed;

    fn opened(notifier: &EmailNotifier, username: &str) -> Result<Opened, String> {
        let secrets = Secrets::new()
            .with("EMAIL_USERNAME", username)
            .with("EMAIL_PASSWORD", "correct horse");
        notifier.destination.open(notifier.name, &secrets)
    }

    #[test]
    fn what_is_no_address_is_said_before_the_run() {
        assert!(opened(&gmail_notifier, "ann@example.org").is_ok());
        assert_eq!(
            opened(&gmail_notifier, "ann").unwrap_err(),
            "the secret `EMAIL_USERNAME` is not an e-mail address"
        );
        let to = gmail_notifier.to("nobody");
        assert_eq!(
            opened(&to, "ann@example.org").unwrap_err(),
            "`nobody` is not an e-mail address"
        );
    }

    #[test]
    fn texts_are_not_markup() {
        let html = html(&alert("<b>", Failed, "a < b & c"));
        assert!(html.contains("task &lt;b&gt; is Failed") && html.contains("a &lt; b &amp; c"));
        assert!(html.starts_with("<p style=\"color: #eb0000\">"));
    }
}
