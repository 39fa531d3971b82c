//! The models that pydantic checks on the server: what comes with a command's output, and what is
//! kept of a language model's answer, `Metrics` and litellm's `ModelResponse`.

use super::number::{float, integer};
use super::record::{Record, string};
use crate::event::Items;
use crate::event::float::parse_float;

/// Each model's name as a field's type, and its row; see `Field` for the spelling.
#[rustfmt::skip]
static MODELS: [(&str, &str); 14] = [
    // CmdOutputMetadata. On a new one, `command_id` is set without a check.
    ("metadata", r#"
        exit_code:int=-1 pid:int=-1 username:str|null=null hostname:str|null=null
        working_dir:str|null=null py_interpreter_path:str|null=null prefix:str="" suffix:str=""
    "#),
    ("new_metadata", r#"
        exit_code:int=-1 pid=-1 username:str|null=null hostname:str|null=null
        working_dir:str|null=null py_interpreter_path:str|null=null prefix:str="" suffix:str=""
    "#),
    ("metrics", r#"
        accumulated_cost:cost=0.0 max_budget_per_task=null
        accumulated_token_usage:tokens={"model":"default"} costs:paid[]=[]
        response_latencies:latency[]=[] token_usages:tokens[]=[]
    "#),
    // A cost without its time gets the time of loading on the server; here it stays without.
    ("paid", "model:str cost:float timestamp:float|absent"),
    ("latency", "model:str latency:float response_id:str"),
    ("tokens", r#"
        model:str="" prompt_tokens:int=0 completion_tokens:int=0 cache_read_tokens:int=0
        cache_write_tokens:int=0 context_window:int=0 per_turn_token:int=0 response_id:str=""
    "#),
    ("tool_call", "
        function_name:str tool_call_id:str model_response:response total_calls_in_response:int
    "),
    ("response", r#"
        id:str created:int model:str|null=null object:chat="" system_fingerprint:str|null=null
        choices:choice[] usage:usage|default={} * stream|dropped stream_options|dropped
        response_ms|dropped hidden_params|dropped _response_headers|dropped
    "#),
    ("choice", r#"
        finish_reason:reason|default="stop" index:int|default=0 message:message|default={}
        logprobs:unknown|absent provider_specific_fields|absent *
    "#),
    ("message", r#"
        content:str|null=null role:str|default="assistant" tool_calls:tool[]|null=null
        function_call:call|null=null audio|absent images|absent reasoning_content:str|absent
        thinking_blocks|absent annotations|absent provider_specific_fields|dropped *
    "#),
    ("call", r#"arguments:str="" name:str|null=null *"#),
    ("function", r#"arguments:str|default="" name:str|null=null"#),
    // An id that isn't there is made up by litellm.
    ("tool", r#"* function:function id:str type:str|default="function""#),
    ("usage", "
        completion_tokens:int|default=0 prompt_tokens:int|default=0 total_tokens:int|default=0
        completion_tokens_details:completion_details|null=null
        prompt_tokens_details:prompt_details|null=null server_tool_use|absent cost|absent *
    "),
];

/// `MicroagentKnowledge`, a dataclass: it refuses other members.
const KNOWLEDGE: &str = "name trigger content";
const PROMPT_DETAILS: &str = "
    audio_tokens:int|null=null cached_tokens:int|null=null text_tokens:int|null=null
    image_tokens:int|null=null web_search_requests:int|absent character_count:int|absent
    image_count:int|absent video_length_seconds:float|absent cache_creation_tokens:int|absent
    cache_creation_token_details|absent *
";
const COMPLETION_DETAILS: &str = "
    accepted_prediction_tokens:int|null=null audio_tokens:int|null=null
    reasoning_tokens:int|null=null rejected_prediction_tokens:int|null=null
    text_tokens:int|null=null *
";

/// litellm's `map_finish_reason`: each reason before those that become it.
const FINISH_REASONS: [(&str, &str); 4] = [
    (
        "stop",
        "stop_sequence COMPLETE ERROR eos_token FINISH_REASON_UNSPECIFIED STOP end_turn",
    ),
    ("length", "MAX_TOKENS max_tokens"),
    (
        "content_filter",
        "ERROR_TOXIC SAFETY RECITATION content_filtered",
    ),
    ("tool_calls", "tool_use"),
];

/// Writes a value as what a field's type makes of it: `str`, `int` and `float` as pydantic does, a
/// model, or with `[]` a list of them. `None` where the server would refuse it.
pub(super) fn write_value(out: &mut String, of: &'static str, json: &str) -> Option<()> {
    match of {
        "" => out.push_str(json),
        "str" => out.push_str(string(json).map(|_| json)?),
        "int" => out.push_str(&integer(json, true)?),
        "float" => out.push_str(&float(json)?),
        "cost" => out.push_str(Some(json).filter(|json| is_cost(json))?),
        "chat" => out.push_str("\"chat.completion\""),
        "reason" => finish_reason(out, string(json)?),
        "recall" if !matches!(json, "\"workspace_context\"" | "\"knowledge\"") => return None,
        "recall" => out.push_str(json),
        "knowledge[]" if !json.starts_with('[') => out.push_str(json),
        "knowledge" => match Record::of(json) {
            Some(item) if !item.fits(KNOWLEDGE) => return None,
            Some(item) => item.write(out, KNOWLEDGE)?,
            None => out.push_str(json),
        },
        "tool[]" if json == "[]" => out.push_str("null"),
        "metrics" => Record::of(json).unwrap_or_default().write(out, row(of)?)?,
        "response" => response(out, json)?,
        "usage" => usage(out, json)?,
        "prompt_details" => Record::of(json)?.write(out, PROMPT_DETAILS)?,
        "completion_details" if json == "{}" => out.push_str("null"),
        "completion_details" => Record::of(json)?.write(out, COMPLETION_DETAILS)?,
        _ => match of.strip_suffix("[]") {
            Some(item) => each(out, json, item)?,
            None => Record::of(json)?.write(out, row(of)?)?,
        },
    }
    Some(())
}

pub(super) fn row(model: &str) -> Option<&'static str> {
    Some(MODELS.iter().find(|(name, _)| *name == model)?.1)
}

/// Writes a list with each item made anew; an empty object or string is an empty list, since
/// Python's `for` goes over it, too.
fn each(out: &mut String, json: &str, item: &'static str) -> Option<()> {
    out.push('[');
    if !matches!(json, "{}" | "\"\"") {
        for value in Items::of(json).ok()? {
            if !out.ends_with('[') {
                out.push_str(", ");
            }
            write_value(out, item, value.ok()?)?;
        }
    }
    out.push(']');
    Some(())
}

/// A number that isn't negative.
fn is_cost(json: &str) -> bool {
    matches!(json, "true" | "false" | "NaN" | "Infinity")
        || parse_float(json).is_some_and(|cost| cost >= 0.0)
}

fn finish_reason(out: &mut String, reason: &str) {
    let mapped = FINISH_REASONS.iter().find(|(_, others)| {
        let mut others = others.split_ascii_whitespace();
        others.any(|other| other == reason)
    });
    out.push('"');
    out.push_str(mapped.map_or(reason, |(mapped, _)| mapped));
    out.push('"');
}

/// What litellm would fill with random or new values stays as it is.
fn response(out: &mut String, json: &str) -> Option<()> {
    let start = out.len();
    if Record::of(json)?.write(out, row("response")?).is_none() {
        out.truncate(start);
        out.push_str(json);
    }
    Some(())
}

/// litellm's `Usage`: the prompt's details have what other providers tell beside them.
fn usage(out: &mut String, json: &str) -> Option<()> {
    let mut given = Record::of(json)?;
    if !matches!(given.get("reasoning_tokens"), None | Some("null" | "0")) {
        return None;
    }
    let count = |name| given.get(name).filter(|json| is_integer(json));
    let cached = count("cache_read_input_tokens").or(count("prompt_cache_hit_tokens"));
    let created = count("cache_creation_input_tokens");
    let details = match given.get("prompt_tokens_details") {
        Some("null") | None => "{}",
        Some(details) => details,
    };
    let mut details = Record::of(details)?;
    for (name, count) in [
        ("cached_tokens", cached),
        ("cache_creation_tokens", created),
    ] {
        if let Some(count) = count {
            details.set(name, count);
        }
    }
    let details = details.to_json();
    given.set(
        "prompt_tokens_details",
        if details == "{}" { "null" } else { &details },
    );
    given.write(out, row("usage")?)
}

fn is_integer(json: &str) -> bool {
    json.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
}
