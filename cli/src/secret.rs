//! `tribune secret`

use tribune::{SecretPlace, SecretStore, Secrets, StoreKey};

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
    let places = places(&Secrets::new(), name)?;
    if let Some(first) = places.first().filter(|_| !is_stored(&places[0])) {
        println!("Note: {} has {name} too, and comes first.", first.place());
    }
    Ok(())
}

pub(crate) fn get(args: &GetArgs) -> Outcome {
    let secrets = Secrets::new();
    let value = secrets.get(&args.name)?;
    if args.show {
        println!("{}", value.expose());
        return Ok(());
    }
    let places = places(&secrets, &args.name)?;
    let place = places.first().map_or("nowhere", SecretPlace::place);
    println!("{} is set, in {place}; --show prints it.", args.name);
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
    let places = places(&Secrets::new(), name)?;
    let rest = places
        .first()
        .map(|place| format!("{name} is in {} too", place.place()));
    match (removed, rest) {
        (true, None) => println!("Removed {name}."),
        (true, Some(rest)) => println!("Removed {name} from the store; {rest}."),
        (false, None) => return Err(format!("there is no secret {name}").into()),
        (false, Some(_)) => {
            let place = places[0].place();
            return Err(
                format!("{name} is not in the store but in {place}: remove it there").into(),
            );
        }
    }
    Ok(())
}

/// The places that have this secret, the one that counts first.
pub(crate) fn places(
    secrets: &Secrets,
    name: &str,
) -> Result<Vec<SecretPlace>, tribune::SecretError> {
    let list = secrets.list()?.into_iter();
    Ok(list.filter(|secret| secret.name() == name).collect())
}

fn is_stored(place: &SecretPlace) -> bool {
    place.place().starts_with("the store ")
}
