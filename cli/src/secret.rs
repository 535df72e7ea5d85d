//! `tribune secret`

use tribune::{SecretError, SecretPlace, SecretStore, Secrets, StoreKey};

use crate::args::{GetArgs, RemoveArgs, SetArgs};
use crate::{Outcome, terminal};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn set(args: &SetArgs) -> Outcome {
    let store = SecretStore::open()?;
    let name = &args.name;
    let value = terminal::ask_value(&format!("Value of {name}"))?;
    let channel = args
        .channel
        .iter()
        .map(|channel| ("channel", channel.as_str()));
    store.set(name, value, channel)?;
    report(name, &store)
}

/// Says where a secret was stored, and whether it is taken from there.
pub(crate) fn report(name: &str, store: &SecretStore) -> Outcome {
    let key = store.key()?;
    println!(
        "Stored {name} in {}, sealed with {key}.",
        store.path().display()
    );
    if key == StoreKey::System {
        println!("A program opens it with the feature `keyring` of tribune, in its Cargo.toml:");
        println!("\n    tribune = {{ version = \"{VERSION}\", features = [\"keyring\"] }}\n");
    }
    let place = place(&Secrets::new(), name)?;
    if let Some(place) = place.filter(|place| !place.is_stored()) {
        println!("Note: {} has {name} too, and comes first.", place.place());
    }
    Ok(())
}

pub(crate) fn get(args: &GetArgs) -> Outcome {
    let secrets = Secrets::new();
    let value = secrets.get(&args.name)?;
    if args.show {
        println!("{}", value.expose());
    } else if let Some(place) = place(&secrets, &args.name)? {
        let (name, place) = (&args.name, place.place());
        println!("{name} is set, in {place}; --show prints it.");
    }
    Ok(())
}

pub(crate) fn list() -> Outcome {
    let secrets = Secrets::new().list()?;
    if secrets.is_empty() {
        println!("There are no secrets. `tribune secret set NAME` stores one.");
        return Ok(());
    }
    let rows = secrets.iter().map(|secret| {
        let note = match secret.is_used() {
            true => channel(secret),
            false => "(not used: a place above has it)".to_owned(),
        };
        [secret.name().to_owned(), secret.place().to_owned(), note]
    });
    let head = ["NAME", "FROM", "CHANNEL"].map(str::to_owned);
    let rows: Vec<[String; 3]> = [head].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let (names, places) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    for [name, place, note] in &rows {
        let row = format!("{name:names$}  {place:places$}  {note}");
        println!("{}", row.trim_end());
    }
    Ok(())
}

/// The channel that a secret belongs to, and its workspace.
pub(crate) fn channel(secret: &SecretPlace) -> String {
    let about = |key| secret.about().get(key).map(String::as_str);
    match (about("channel"), about("team")) {
        (Some(channel), Some(team)) => format!("{channel} in {team}"),
        (Some(channel), None) => channel.to_owned(),
        _ => String::new(),
    }
}

pub(crate) fn remove(args: &RemoveArgs) -> Outcome {
    let store = SecretStore::open()?;
    let name = &args.name;
    let removed = store.remove(name)?;
    let elsewhere = place(&Secrets::new(), name)?;
    match (removed, elsewhere.as_ref().map(SecretPlace::place)) {
        (true, None) => println!("Removed {name}."),
        (true, Some(place)) => println!("Removed {name} from the store; {place} has it too."),
        (false, None) => return Err(format!("there is no secret {name}").into()),
        (false, Some(place)) => {
            let reason = format!("{name} is not in the store but in {place}: remove it there");
            return Err(reason.into());
        }
    }
    Ok(())
}

/// The place that this secret is taken from.
pub(crate) fn place(secrets: &Secrets, name: &str) -> Result<Option<SecretPlace>, SecretError> {
    let is_it = |place: &SecretPlace| place.name() == name && place.is_used();
    Ok(secrets.list()?.into_iter().find(is_it))
}
