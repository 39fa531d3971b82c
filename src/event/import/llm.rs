//! What the server keeps of a language model's answer: `Metrics`, and litellm's `ModelResponse`.

use std::borrow::Cow;

use super::number::integer;
use super::record::{Others, Record, each, string};
use crate::event::float::parse_float;

const METRICS: &str = "
    accumulated_cost=0.0 max_budget_per_task=null accumulated_token_usage costs=[]
    response_latencies=[] token_usages=[]
";
/// A cost without its time gets the time of loading on the server; here it stays without.
const COST: &str = "model:str cost:float timestamp:float|absent";
const LATENCY: &str = "model:str latency:float response_id:str";
const TOKENS: &str = r#"
    model:str="" prompt_tokens:int=0 completion_tokens:int=0 cache_read_tokens:int=0
    cache_write_tokens:int=0 context_window:int=0 per_turn_token:int=0 response_id:str=""
"#;

const TOOL_CALL: &str =
    "function_name:str tool_call_id:str model_response total_calls_in_response:int";
const RESPONSE: &str =
    "id:str created:int model:str|null=null object system_fingerprint:str|null=null choices usage";
const CHOICE: &str = r#"
    finish_reason:str="stop" index:int=0 message logprobs|absent provider_specific_fields|absent
"#;
const MESSAGE: &str = r#"
    content:str|null=null role:str="assistant" tool_calls=null function_call=null audio|absent
    images|absent reasoning_content:str|absent thinking_blocks|absent annotations|absent
"#;
const FUNCTION: &str = r#"arguments:str="" name:str|null=null"#;
const USAGE: &str = "
    completion_tokens:int prompt_tokens:int total_tokens:int completion_tokens_details=null
    prompt_tokens_details=null server_tool_use|absent cost:float|absent
";
const PROMPT_DETAILS: &str = "
    audio_tokens:int|null=null cached_tokens:int|null=null text_tokens:int|null=null
    image_tokens:int|null=null web_search_requests:int|absent character_count:int|absent
    image_count:int|absent video_length_seconds:float|absent cache_creation_tokens:int|absent
    cache_creation_token_details|absent
";
const COMPLETION_DETAILS: &str = "
    accepted_prediction_tokens:int|null=null audio_tokens:int|null=null
    reasoning_tokens:int|null=null rejected_prediction_tokens:int|null=null
    text_tokens:int|null=null
";

/// litellm's `map_finish_reason`.
const FINISH_REASONS: [(&str, &str); 14] = [
    ("stop_sequence", "stop"),
    ("COMPLETE", "stop"),
    ("MAX_TOKENS", "length"),
    ("ERROR_TOXIC", "content_filter"),
    ("ERROR", "stop"),
    ("eos_token", "stop"),
    ("FINISH_REASON_UNSPECIFIED", "stop"),
    ("STOP", "stop"),
    ("SAFETY", "content_filter"),
    ("RECITATION", "content_filter"),
    ("end_turn", "stop"),
    ("max_tokens", "length"),
    ("tool_use", "tool_calls"),
    ("content_filtered", "content_filter"),
];

/// `Metrics.get()` of what `event_from_dict` makes of a stored `llm_metrics`.
pub(super) fn metrics(json: &str) -> Option<String> {
    let mut given = Record::of(json).unwrap_or_default();
    let cost = given.get("accumulated_cost").unwrap_or("0");
    let is_number = matches!(cost, "true" | "false" | "NaN" | "Infinity")
        || parse_float(cost).is_some_and(|cost| cost >= 0.0);
    if !is_number {
        return None;
    }
    let model = |fields, json: &str| {
        let model = Record::of(json)?.complete(fields, Others::Dropped)?;
        Some(model.to_json())
    };
    let usage = match given.get("accumulated_token_usage") {
        Some(usage) => model(TOKENS, usage)?,
        None => model(TOKENS, r#"{"model": "default"}"#)?,
    };
    given.set("accumulated_token_usage", usage);
    for (list, fields) in [
        ("costs", COST),
        ("response_latencies", LATENCY),
        ("token_usages", TOKENS),
    ] {
        if let Some(items) = given.take(list) {
            given.set(list, each(&items, |item| model(fields, item))?);
        }
    }
    Some(given.complete(METRICS, Others::Dropped)?.to_json())
}

/// `ToolCallMetadata`. A model's response that litellm would fill with random or new values stays
/// as it is.
pub(super) fn tool_call(json: &str) -> Option<String> {
    let mut given = Record::of(json)?;
    if let Some(response) = given.take("model_response") {
        let response = match model_response(&response) {
            Some(complete) => Cow::Owned(complete),
            None => response,
        };
        given.set("model_response", response);
    }
    Some(given.complete(TOOL_CALL, Others::Dropped)?.to_json())
}

fn model_response(json: &str) -> Option<String> {
    let mut given = Record::of(json)?;
    if given.take("stream").is_some_and(|stream| stream == "true") {
        return None;
    }
    for private in [
        "stream_options",
        "response_ms",
        "hidden_params",
        "_response_headers",
    ] {
        given.take(private);
    }
    given.set("object", "\"chat.completion\"");
    let choices = each(
        given.get("choices").filter(|list| list.starts_with('['))?,
        choice,
    )?;
    given.set("choices", choices);
    let usage = match given.get("usage") {
        None | Some("null") => usage("{}")?,
        Some(given) => usage(given)?,
    };
    given.set("usage", usage);
    Some(given.complete(RESPONSE, Others::Kept)?.to_json())
}

fn choice(json: &str) -> Option<String> {
    let mut given = without_nulls(json, &["finish_reason", "index"])?;
    if let Some(reason) = given.get("finish_reason").and_then(string) {
        let mapped = FINISH_REASONS.iter().find(|(other, _)| *other == reason);
        if let Some((_, mapped)) = mapped {
            given.set("finish_reason", ["\"", mapped, "\""].concat());
        }
    }
    if given
        .get("logprobs")
        .is_some_and(|logprobs| logprobs != "null")
    {
        return None;
    }
    let message = match given.get("message") {
        None | Some("null") => message("{}")?,
        Some(given) => message(given)?,
    };
    given.set("message", message);
    Some(given.complete(CHOICE, Others::Kept)?.to_json())
}

fn message(json: &str) -> Option<String> {
    let mut given = without_nulls(json, &["role"])?;
    given.take("provider_specific_fields");
    match given.get("tool_calls") {
        None | Some("null" | "[]") => given.set("tool_calls", "null"),
        Some(calls) => {
            let calls = each(calls, tool)?;
            given.set("tool_calls", calls);
        }
    }
    if let Some(call) = given.take("function_call").filter(|call| call != "null") {
        let call = Record::of(&call)?
            .complete(FUNCTION, Others::Kept)?
            .to_json();
        given.set("function_call", call);
    }
    Some(given.complete(MESSAGE, Others::Kept)?.to_json())
}

fn tool(json: &str) -> Option<String> {
    let mut given = Record::of(json)?;
    let function = given.take("function")?;
    let function = without_nulls(&function, &["arguments"])?;
    let function = function.complete(FUNCTION, Others::Dropped)?.to_json();
    let id = given.take("id").filter(|id| id != "null")?;
    let kind = given.take("type").filter(|kind| kind != "null");
    given.set("function", function);
    given.set("id", id);
    given.set("type", kind.unwrap_or(Cow::Borrowed("\"function\"")));
    Some(given.to_json())
}

fn usage(json: &str) -> Option<String> {
    let mut given = Record::of(json)?;
    for count in ["completion_tokens", "prompt_tokens", "total_tokens"] {
        if matches!(given.get(count), None | Some("null" | "\"\"")) {
            given.set(count, "0");
        }
    }
    if given
        .take("reasoning_tokens")
        .is_some_and(|count| count != "null" && count != "0")
    {
        return None;
    }
    let is_integer = |value: &&str| integer(value, false).as_deref() == Some(value);
    let cached = given
        .get("cache_read_input_tokens")
        .filter(is_integer)
        .or(given.get("prompt_cache_hit_tokens").filter(is_integer))
        .map(str::to_owned);
    let created = given
        .get("cache_creation_input_tokens")
        .filter(is_integer)
        .map(str::to_owned);
    let prompt = given.take("prompt_tokens_details");
    let mut prompt = match prompt.as_deref() {
        None | Some("null" | "{}") if cached.is_none() && created.is_none() => None,
        None | Some("null" | "{}") => Some(Record::default()),
        Some(details) => Some(Record::of(details)?),
    };
    if let Some(details) = &mut prompt {
        if let Some(cached) = cached {
            details.set("cached_tokens", cached);
        }
        if let Some(created) = created {
            details.set("cache_creation_tokens", created);
        }
    }
    if let Some(details) = prompt {
        let details = details.complete(PROMPT_DETAILS, Others::Kept)?.to_json();
        given.set("prompt_tokens_details", details);
    }
    let completion = given.take("completion_tokens_details");
    if let Some(details) = completion.filter(|details| details != "null" && details != "{}") {
        let details = Record::of(&details)?.complete(COMPLETION_DETAILS, Others::Kept)?;
        given.set("completion_tokens_details", details.to_json());
    }
    Some(given.complete(USAGE, Others::Kept)?.to_json())
}

/// The members of an object; `null` stands for none where litellm has a default.
fn without_nulls<'a>(json: &'a str, defaulted: &[&str]) -> Option<Record<'a>> {
    let mut given = Record::of(json)?;
    for name in defaulted {
        if given.get(name) == Some("null") {
            given.take(name);
        }
    }
    Some(given)
}
