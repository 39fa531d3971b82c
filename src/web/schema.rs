//! The database's schema, version by version. What a released version created never changes.
//!
//! Every object store has out-of-line keys, `[conversation, number]`, and `Uint8Array` values.

use wasm_bindgen::prelude::*;
use web_sys::IdbDatabase;

/// The version that this release writes and the newest that it reads.
pub const VERSION: u32 = 2;

/// Object stores of version 1.
const V1: [&str; 5] = ["conversations", "tail", "pages", "summaries", "signatures"];

/// What version 2 added.
const V2: [&str; 1] = ["outbox"];

/// Takes a database from `old` to [`VERSION`]; a new one has version 0.
pub(super) fn upgrade(database: &IdbDatabase, old: u32) -> Result<(), JsValue> {
    for (version, names) in [(1, V1.as_slice()), (2, V2.as_slice())] {
        for name in names.iter().filter(|_| old < version) {
            database.create_object_store(name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{V1, V2};
    use crate::backend::Table;

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn every_table_has_its_object_store() {
        assert_eq!(
            Table::ALL.map(Table::name),
            [V1.as_slice(), &V2].concat()[..]
        );
    }
}
