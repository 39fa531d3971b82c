//! Canonical texts: what the server makes of an event, as text.

use oh_event_store::event::{Event, string_value, wire_form};
use sha2::{Digest, Sha256};

use super::{Object, Tally};

pub fn compare(file: &str, rows: &[Object<'_>], tally: &mut Tally) -> Result<(), String> {
    for (index, row) in rows.iter().enumerate() {
        let tag = row.text("tag").ok_or("a row without tag")?;
        let what = format!("{file} row {index} ({tag})");
        if row.has("gen") {
            let ours = ours(&generated(&row.object("gen")?)?)?.unwrap_or_default();
            let digest = Sha256::digest(&ours);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let theirs = row.text("canon_sha256").ok_or("a row without checksum")?;
            tally.check(&what, &digest, &theirs);
            let length = ours.len().to_string();
            tally.check(&what, &length, row.json("canon_len")?);
            continue;
        }
        let raw = row.text("raw").ok_or("a row without raw")?;
        if let Some(canon) = row.text("canon") {
            tally.check(&what, &ours(&raw)?.unwrap_or("not loaded".into()), &canon);
            if tag.starts_with("wire:") || tag.starts_with("exotic:") {
                tally.check(&what, &dumped(&raw)?, &canon);
            }
        } else {
            tally.check(
                &what,
                &ours(&raw)?.unwrap_or("not loaded".into()),
                "not loaded",
            );
        }
    }
    Ok(())
}

fn dumped(raw: &str) -> Result<String, String> {
    let event = Event::from_json(raw.as_bytes()).map_err(|error| error.to_string())?;
    Ok(event.text.into())
}

fn ours(raw: &str) -> Result<Option<String>, String> {
    Ok(wire_form(&dumped(raw)?))
}

/// An event with a content of `n` code points.
fn generated(recipe: &Object<'_>) -> Result<String, String> {
    let pattern = string_value(recipe.json("char")?).ok_or("no characters")?;
    let count = recipe
        .integer("n")?
        .and_then(|count| usize::try_from(count).ok());
    let content: String = pattern
        .chars()
        .cycle()
        .take(count.ok_or("no count")?)
        .collect();
    let content = serde_json::to_string(&content).map_err(|error| error.to_string())?;
    Ok(recipe.json("template")?.replace("\"<content>\"", &content))
}
