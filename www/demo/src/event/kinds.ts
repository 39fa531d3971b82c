// Every kind of event: its class name, the word shown for it, its colour and its sign.
import type { IconName } from "../parts/icon";
import { field } from "./fields";

export type Tone = "user" | "agent" | "run" | "file" | "think" | "state" | "error" | "done" | "web";
export const TONES: readonly Tone[] = [
  "state",
  "think",
  "web",
  "file",
  "run",
  "agent",
  "done",
  "user",
  "error",
];

export interface Kind {
  /** The server's class name, which filters use. */
  readonly name: string;
  readonly label: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

type Row = readonly [raw: string, name: string, label: string, tone: Tone, icon: IconName];

const ACTION_ROWS: readonly Row[] = [
  ["message", "MessageAction", "Message", "agent", "message"],
  ["run", "CmdRunAction", "Run", "run", "terminal"],
  ["run_ipython", "IPythonRunCellAction", "Python", "run", "terminal"],
  ["read", "FileReadAction", "Read", "file", "file"],
  ["write", "FileWriteAction", "Write", "file", "edit"],
  ["edit", "FileEditAction", "Edit", "file", "edit"],
  ["think", "AgentThinkAction", "Think", "think", "think"],
  ["finish", "AgentFinishAction", "Finish", "done", "check"],
  ["reject", "AgentRejectAction", "Reject", "error", "cross"],
  ["delegate", "AgentDelegateAction", "Delegate", "agent", "branch"],
  ["browse", "BrowseURLAction", "Browse", "web", "globe"],
  ["browse_interactive", "BrowseInteractiveAction", "Browser", "web", "globe"],
  ["call_tool_mcp", "MCPAction", "MCP call", "web", "plug"],
  ["task_tracking", "TaskTrackingAction", "Tasks", "think", "tasks"],
  ["recall", "RecallAction", "Recall", "state", "recall"],
  ["change_agent_state", "ChangeAgentStateAction", "Change state", "state", "state"],
  ["system", "SystemMessageAction", "System", "state", "gear"],
  ["condensation", "CondensationAction", "Condense", "state", "fold"],
  ["condensation_request", "CondensationRequestAction", "Condense request", "state", "fold"],
  ["loop_recovery", "LoopRecoveryAction", "Loop recovery", "error", "recall"],
  ["null", "NullAction", "Null", "state", "dot"],
];

const OBSERVATION_ROWS: readonly Row[] = [
  ["run", "CmdOutputObservation", "Output", "run", "output"],
  ["run_ipython", "IPythonRunCellObservation", "Python output", "run", "output"],
  ["read", "FileReadObservation", "File content", "file", "file"],
  ["write", "FileWriteObservation", "Written", "file", "edit"],
  ["edit", "FileEditObservation", "Edited", "file", "edit"],
  ["think", "AgentThinkObservation", "Thought logged", "think", "think"],
  ["error", "ErrorObservation", "Error", "error", "cross"],
  ["success", "SuccessObservation", "Success", "done", "check"],
  ["user_rejected", "UserRejectObservation", "Rejected by user", "error", "cross"],
  ["agent_state_changed", "AgentStateChangedObservation", "State", "state", "state"],
  ["delegate", "AgentDelegateObservation", "Delegate result", "agent", "branch"],
  ["browse", "BrowserOutputObservation", "Page", "web", "globe"],
  ["mcp", "MCPObservation", "MCP result", "web", "plug"],
  ["download", "FileDownloadObservation", "Download", "file", "file"],
  ["task_tracking", "TaskTrackingObservation", "Tasks", "think", "tasks"],
  ["recall", "RecallObservation", "Recalled", "state", "recall"],
  ["condense", "AgentCondensationObservation", "Condensed", "state", "fold"],
  ["loop_detection", "LoopDetectionObservation", "Loop detected", "error", "recall"],
  ["null", "NullObservation", "Null", "state", "dot"],
];

function table(rows: readonly Row[]): ReadonlyMap<string, Kind> {
  return new Map(rows.map(([raw, name, label, tone, icon]) => [raw, { name, label, tone, icon }]));
}

const ACTION_TABLE = table(ACTION_ROWS);
const OBSERVATION_TABLE = table(OBSERVATION_ROWS);
export const ACTIONS: readonly Kind[] = [...ACTION_TABLE.values()];
export const OBSERVATIONS: readonly Kind[] = [...OBSERVATION_TABLE.values()];

/** What an event is; an unknown kind is shown under its own name. */
export function kindOf(event: unknown): Kind {
  const action = field(event, "action");
  if (typeof action === "string") {
    const kind = ACTION_TABLE.get(action) ?? unknown(action);
    return action === "message" && field(event, "source") === "user"
      ? { ...kind, tone: "user", icon: "user" }
      : kind;
  }
  const observation = field(event, "observation");
  if (typeof observation === "string") {
    const kind = OBSERVATION_TABLE.get(observation) ?? unknown(observation);
    return failed(event) ? { ...kind, tone: "error" } : kind;
  }
  const name = field(event, "kind");
  return unknown(typeof name === "string" ? name : "Event");
}

/** Whether a command ended with another exit code than 0. */
export function failed(event: unknown): boolean {
  const code = field(event, "extras", "metadata", "exit_code");
  return field(event, "observation") === "run" && typeof code === "number" && code > 0;
}

function unknown(name: string): Kind {
  if (/error/i.test(name)) return { name, label: name, tone: "error", icon: "cross" };
  if (/message/i.test(name)) return { name, label: name, tone: "agent", icon: "message" };
  if (/action/i.test(name)) return { name, label: name, tone: "run", icon: "terminal" };
  if (/observation/i.test(name)) return { name, label: name, tone: "run", icon: "output" };
  return { name, label: name, tone: "state", icon: "dot" };
}
