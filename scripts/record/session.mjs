/**
 * What happens around the tools: the user's messages, the agent's states, memory and the end.
 */

/** @typedef {import("./event_log.mjs").EventLog} EventLog */

const SYSTEM_PROMPT = `You are OpenHands agent, a helpful AI assistant that can interact with a computer to solve tasks.

Work in small steps: look before you change anything, reproduce a fault before you repair it, and run the tests after every change. When a change turns out to be wrong, take it back before trying the next one. Say what you found and what you did in the end.`;

/** @type {Record<string, string>} */
const TOOLS = {
  execute_bash: "Runs a command line in the workspace.",
  execute_ipython_cell: "Runs Python code.",
  str_replace_editor: "Views, creates and edits files.",
  task_tracker: "Keeps the list of tasks.",
  think: "Logs a thought.",
  finish: "Ends the task.",
};

const MESSAGE = { file_urls: [], image_urls: [] };

export class Session {
  #asked = 0;

  /**
   * @param {EventLog} log
   * @param {string} repository its directory
   */
  constructor(log, repository) {
    this.log = log;
    this.repository = repository;
  }

  /** From the start of the runtime until the agent waits for the user. */
  begin() {
    this.state("loading");
    this.log.pause(6200);
    const tools = Object.entries(TOOLS).map(([name, description]) => ({
      type: "function",
      function: { name, description, parameters: { type: "object", properties: {} } },
    }));
    this.log.action("agent", "system", SYSTEM_PROMPT, {
      content: SYSTEM_PROMPT,
      tools,
      openhands_version: null,
      agent_class: "CodeActAgent",
    });
    this.changeState("awaiting_user_input", "environment");
  }

  /** @param {string} state */
  state(state) {
    this.log.observation("environment", "agent_state_changed", {
      message: "",
      content: "",
      extras: { agent_state: state, reason: "" },
    });
  }

  /**
   * @param {string} state
   * @param {string} source
   */
  changeState(state, source) {
    const args = { agent_state: state, thought: "" };
    const message = `Agent state changed to ${state}`;
    this.#nothing(this.log.action(source, "change_agent_state", message, args));
    this.state(state);
  }

  /** @param {number} cause */
  #nothing(cause) {
    this.log.observation("environment", "null", {
      message: "No observation",
      cause,
      content: "",
    });
  }

  /**
   * The user's message, and what the agent's memory adds to it.
   * @param {string} content
   */
  user(content) {
    const args = { content, ...MESSAGE, wait_for_response: false, security_risk: -1 };
    this.log.action("user", "message", content, args);
    const first = this.#asked === 0;
    this.#asked += 1;
    const kind = first ? "workspace_context" : "knowledge";
    const query = { recall_type: kind, query: content, thought: "" };
    const start = [...content].slice(0, 50).join("");
    const cause = this.log.action("user", "recall", `Retrieving content for: ${start}`, query);
    if (first) this.#workspaceContext(cause);
    else this.#nothing(cause);
    this.state("running");
  }

  /** @param {number} cause */
  #workspaceContext(cause) {
    const content = "Added workspace context";
    this.log.observation("environment", "recall", {
      message: content,
      cause,
      content,
      extras: {
        recall_type: "workspace_context",
        repo_name: "inventory",
        repo_directory: this.repository,
        repo_branch: "fix-nightly-report",
        repo_instructions: "",
        runtime_hosts: {},
        additional_agent_instructions: "",
        date: this.log.now().slice(0, 10),
        custom_secrets_descriptions: {},
        conversation_instructions: "",
        working_dir: this.repository,
        microagent_knowledge: [],
      },
    });
  }

  /**
   * The agent says something and waits for an answer.
   * @param {string} content
   */
  ask(content) {
    const args = { content, ...MESSAGE, wait_for_response: true, security_risk: -1 };
    this.log.action("agent", "message", content, args);
    this.state("awaiting_user_input");
  }

  /**
   * The history so far is replaced by a summary, for the agent's eyes.
   * @param {string} summary
   */
  condense(summary) {
    const request = "Requesting a condensation of the conversation history.";
    const end = this.log.action("agent", "condensation_request", request, {}) - 1;
    this.log.pause(4100);
    this.log.action("agent", "condensation", `Summary: ${summary}`, {
      forgotten_event_ids: null,
      forgotten_events_start_id: 12,
      forgotten_events_end_id: end,
      summary,
      summary_offset: 4,
    });
  }

  /** @param {string} report */
  finish(report) {
    const message = "All done! What's next on the agenda?";
    this.log.action("agent", "finish", message, {
      final_thought: report,
      outputs: {},
      thought: "",
    });
    this.state("finished");
  }
}
