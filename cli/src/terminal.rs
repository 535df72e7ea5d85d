//! Asking, without showing what is answered, and in a way that scripts can answer too.

use std::io::{self, IsTerminal, Write};

use tribune::Secret;

/// Asks for a line that is not shown. Where nobody sits at a terminal, it is the next line of the
/// standard input.
///
/// # Errors
///
/// There is nothing to read, or the answer is empty.
pub(crate) fn ask_secret(question: &str) -> Result<Secret, String> {
    let secret = hidden(question, line)?;
    Ok(secret.expose().trim().into())
}

/// Asks for a value that is not shown. Where nobody sits at a terminal, it is all of the standard
/// input, but for the end of its last line.
///
/// # Errors
///
/// There is nothing to read, or the answer is empty.
pub(crate) fn ask_value(question: &str) -> Result<Secret, String> {
    let secret = hidden(question, || io::read_to_string(io::stdin()))?;
    let value = secret.expose();
    let value = value.strip_suffix('\n').unwrap_or(value);
    Ok(value.strip_suffix('\r').unwrap_or(value).into())
}

/// What is typed at a terminal without being shown, or what `read` reads.
fn hidden(question: &str, read: impl FnOnce() -> io::Result<String>) -> Result<Secret, String> {
    let answer = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{question} (it is not shown): "))
    } else {
        read()
    };
    let answer = answer.map_err(|error| format!("{question} cannot be read: {error}"))?;
    if answer.trim().is_empty() {
        return Err(format!("{question} is needed; the answer was empty"));
    }
    Ok(answer.into())
}

/// Asks for a line.
///
/// # Errors
///
/// There is nothing to read.
pub(crate) fn ask(question: &str) -> Result<String, String> {
    if io::stdin().is_terminal() {
        print!("{question}: ");
        // A question that is not seen can still be answered.
        let _ = io::stdout().flush();
    }
    let answer = line().map_err(|error| format!("{question} cannot be read: {error}"))?;
    Ok(answer.trim().to_owned())
}

fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Opens a page in the browser of who sits here, if anybody does.
pub(crate) fn browse(url: &str) {
    if io::stdout().is_terminal() && open::that_detached(url).is_err() {
        println!("(No browser could be opened.)");
    }
}
