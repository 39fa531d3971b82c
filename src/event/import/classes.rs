//! The server's action and observation classes: their fields and the message of each.

/// What the server's constructor of a class takes, and what its `message` says.
pub(super) struct Class {
    /// The name on the wire.
    pub(super) name: &'static str,
    /// The fields in the server's order; `record::Field` says how they are spelled.
    /// `action`, `observation` and an observation's `content` are not among them.
    pub(super) fields: &'static str,
    pub(super) message: Message,
}

/// How the server makes `message`.
#[derive(Clone, Copy)]
pub(super) enum Message {
    /// A Python f-string, as JSON text.
    Text(&'static str),
    /// The field itself.
    Field(&'static str),
    /// A text to which a field is added that must be a string.
    Added(&'static str, &'static str),
    /// `AgentFinishAction`: the thought, or a greeting if it is empty.
    Finish,
    /// `AgentRejectAction`: with the reason that `outputs` may have.
    Reject,
    /// `RecallAction`: the beginning of the query.
    Query,
    /// `CondensationAction`: the summary, or what was forgotten.
    Condensation,
    /// `TaskTrackingAction`: how many tasks there are.
    Tasks,
    /// `RecallObservation`: what was recalled.
    Recalled,
}

use Message::{Added, Condensation, Field, Finish, Query, Recalled, Reject, Tasks, Text};

const fn class(name: &'static str, message: Message, fields: &'static str) -> Class {
    Class {
        name,
        fields,
        message,
    }
}

#[rustfmt::skip]
static ACTIONS: [Class; 21] = [
    class("null", Text("No action"), ""),
    class("run", Text("Running command: {command}"), r#"
        command is_input=false thought="" blocking=false is_static=false cwd=null hidden=false
        confirmation_state="confirmed" security_risk|absent=-1
    "#),
    class("run_ipython", Text("Running Python code interactively: {code}"), r#"
        code thought="" include_extra=true confirmation_state="confirmed" security_risk|absent=-1
        kernel_init_code=""
    "#),
    class("browse", Text("I am browsing the URL: {url}"),
        r#"url thought="" security_risk|absent=-1 return_axtree=false"#),
    class("browse_interactive",
        Text(r"I am interacting with the browser:\n```\n{browser_actions}\n```"), r#"
        browser_actions thought="" browsergym_send_msg_to_user="" security_risk|absent=-1
        return_axtree=false
    "#),
    class("read", Text("Reading file: {path}"), r#"
        path start=0 end=-1 thought="" security_risk|absent=-1 impl_source="default"
        view_range=null
    "#),
    class("write", Text("Writing file: {path}"),
        r#"path content start=0 end=-1 thought="" security_risk|absent=-1"#),
    class("edit", Text(""), r#"
        path command="" file_text=null old_str=null new_str=null insert_line=null content=""
        start=1 end=-1 thought="" security_risk|absent=-1 impl_source="oh_aci"
    "#),
    class("think", Text("I am thinking...: {thought}"), r#"thought="""#),
    class("finish", Finish, r#"final_thought="" outputs={} thought="""#),
    class("reject", Reject, r#"outputs={} thought="""#),
    class("delegate", Text("I'm asking {agent} for help with this task."),
        r#"agent inputs thought="""#),
    class("recall", Query, r#"recall_type query="" thought="""#),
    class("change_agent_state", Text("Agent state changed to {agent_state}"),
        r#"agent_state thought="""#),
    class("message", Field("content"), "
        content file_urls=null image_urls=null wait_for_response=false security_risk|absent=-1
    "),
    class("system", Field("content"),
        r#"content tools=null openhands_version="0.62.0" agent_class=null"#),
    class("condensation", Condensation, "
        forgotten_event_ids=null forgotten_events_start_id=null forgotten_events_end_id=null
        summary=null summary_offset=null
    "),
    class("condensation_request",
        Text("Requesting a condensation of the conversation history."), ""),
    class("call_tool_mcp", Text(concat!(
        r"I am interacting with the MCP server with name:\n```\n{name}\n```",
        r"\nand arguments:\n```\n{arguments}\n```",
    )), r#"name arguments={} thought="" security_risk|absent=-1"#),
    class("task_tracking", Tasks, r#"command="view" task_list=[] thought="""#),
    class("loop_recovery", Text(""), "option=1"),
];

#[rustfmt::skip]
static OBSERVATIONS: [Class; 19] = [
    class("null", Text("No observation"), ""),
    class("run", Text("Command `{command}` executed with exit code {exit_code}."), "
        command metadata hidden=false
    "),
    class("run_ipython", Text("Code executed in IPython cell."), "code image_urls=null"),
    class("browse", Added("Visited ", "url"), r#"
        url trigger_by_action screenshot="" screenshot_path=null set_of_marks="" error=false
        goal_image_urls=[] open_pages_urls=[] active_page_index=-1 dom_object={} axtree_object={}
        extra_element_properties={} last_browser_action="" last_browser_action_error=""
        focused_element_bid="" filter_visible_only=false
    "#),
    class("read", Text("I read the file {path}."), r#"path impl_source="default""#),
    class("write", Text("I wrote to the file {path}."), "path"),
    class("edit", Text("I edited the file {path}."), r#"
        path="" prev_exist=false old_content=null new_content=null impl_source="llm_based_edit"
        diff=null _diff_cache=null
    "#),
    class("delegate", Text(""), "outputs"),
    class("success", Field("content"), ""),
    class("error", Field("content"), r#"error_id="""#),
    class("agent_state_changed", Text(""), r#"agent_state reason="""#),
    class("user_rejected", Field("content"), ""),
    class("condense", Field("content"), ""),
    class("think", Field("content"), ""),
    class("recall", Recalled, r#"
        recall_type:recall repo_name="" repo_directory="" repo_branch="" repo_instructions=""
        runtime_hosts={} additional_agent_instructions="" date="" custom_secrets_descriptions={}
        conversation_instructions="" working_dir="" microagent_knowledge:knowledge[]=[]
    "#),
    class("mcp", Field("content"), r#"name="" arguments={}"#),
    class("download", Text("Downloaded the file at location: {file_path}"), "file_path"),
    class("task_tracking", Field("content"), r#"command="" task_list=[]"#),
    class("loop_detection", Text(""), ""),
];

pub(super) fn action(name: &str) -> Option<&'static Class> {
    ACTIONS.iter().find(|class| class.name == name)
}

pub(super) fn observation(name: &str) -> Option<&'static Class> {
    OBSERVATIONS.iter().find(|class| class.name == name)
}
