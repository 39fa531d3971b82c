use serde::{Deserialize, Deserializer, Serialize};

/// The server's `EventFilter`, with its meaning to the letter, and `text`, which is ours. All that is
/// given must hold; an empty filter matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventFilter {
    /// Must occur in the event's canonical text, upper and lower case being the same.
    pub query: Option<String>,
    /// Class names, one of which the event must be an instance of; empty: any.
    #[serde(deserialize_with = "null_as_default")]
    pub include_types: Vec<String>,
    /// Class names none of which the event may be an instance of.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_types: Vec<String>,
    /// The event's source, exactly.
    pub source: Option<String>,
    /// No timestamp before this one, compared as text; an event without timestamp passes.
    pub start_date: Option<String>,
    /// No timestamp after this one, compared as text; so a mere date shuts its own day out.
    pub end_date: Option<String>,
    /// Leave out run actions and run observations that are marked as hidden.
    #[serde(deserialize_with = "null_as_default")]
    pub exclude_hidden: bool,
    /// Must occur in what a person reads of the event: see [`TextFinder`](super::TextFinder).
    pub text: Option<String>,
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
