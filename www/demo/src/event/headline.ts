// One line that says what an event is about.
import { field, number, text } from "./fields";

/** The line beside the kind's name; "" where the body says it. */
export function headline(event: unknown): string {
  const action = field(event, "action");
  if (typeof action === "string") {
    const tool = text(event, "args.name");
    const said: Record<string, string> = {
      read: lines(event, text(event, "args.path")),
      write: text(event, "args.path"),
      edit: text(event, "args.path"),
      recall: text(event, "args.query"),
      change_agent_state: text(event, "args.agent_state"),
      call_tool_mcp: tool,
      delegate: text(event, "args.agent"),
      task_tracking: text(event, "args.command"),
      condensation: forgotten(event),
      finish: text(event, "args.task_completed"),
    };
    return oneLine(said[action] ?? "");
  }
  const observation = field(event, "observation");
  if (typeof observation === "string") {
    const said: Record<string, string> = {
      run: text(event, "extras.command"),
      read: text(event, "extras.path"),
      write: text(event, "extras.path"),
      edit: text(event, "extras.path"),
      agent_state_changed: text(event, "extras.agent_state"),
      recall: [text(event, "extras.recall_type"), text(event, "extras.repo_name")]
        .filter(Boolean)
        .join(" · "),
      mcp: text(event, "extras.name"),
      task_tracking: text(event, "extras.command"),
      think: text(event, "content"),
      download: text(event, "extras.file_path"),
    };
    return oneLine(said[observation] ?? "");
  }
  return oneLine(text(event, "tool_name", "key"));
}

/** The exit code of a command's output, where there is one. */
export function exitCode(event: unknown): number | undefined {
  return field(event, "observation") === "run"
    ? number(event, "extras.metadata.exit_code")
    : undefined;
}

function lines(event: unknown, path: string): string {
  const range = field(event, "args", "view_range");
  return Array.isArray(range) && range.length === 2 ? `${path}:${range[0]}–${range[1]}` : path;
}

function forgotten(event: unknown): string {
  const from = number(event, "args.forgotten_events_start_id");
  const to = number(event, "args.forgotten_events_end_id");
  return from === undefined || to === undefined ? "" : `events ${from} – ${to}`;
}

function oneLine(content: string): string {
  const flat = content.replace(/\s+/g, " ").trim();
  return flat.length > 240 ? `${flat.slice(0, 240)}…` : flat;
}
