// What an event says, by its kind.
import type { ReactElement, ReactNode } from "react";
import { Command, Diff, Output, Prose } from "./blocks";
import { added, replaced, unified, type DiffLine } from "./diff";
import { field, list, number, text } from "./fields";
import { Marked, withoutSigns } from "./highlight";

type Render = (event: unknown, key: string) => ReactNode;

const ACTION_BODY: Record<string, Render> = {
  message: (event, key) => prose(text(event, "args.content", "message"), key),
  system: (event, key) => prose(text(event, "args.content", "message"), key),
  think: (event, key) => prose(text(event, "args.thought", "message"), key),
  finish: (event, key) => prose(text(event, "args.final_thought", "args.thought", "message"), key),
  reject: (event, key) => prose(text(event, "args.outputs.reason", "message"), key),
  run: (event, key) => (
    <>
      {prose(text(event, "args.thought"), `${key}/thought`)}
      <Command id={key} prompt={field(event, "args", "is_input") === true ? ">" : "$"}>
        {text(event, "args.command")}
      </Command>
    </>
  ),
  run_ipython: (event, key) => (
    <>
      {prose(text(event, "args.thought"), `${key}/thought`)}
      <Command id={key} prompt=">>>">
        {text(event, "args.code")}
      </Command>
    </>
  ),
  read: (event, key) => prose(text(event, "args.thought"), key),
  edit: (event, key) => (
    <>
      {prose(text(event, "args.thought"), `${key}/thought`)}
      {diff(changes(event), key)}
    </>
  ),
  write: (event, key) => (
    <>
      {prose(text(event, "args.thought"), `${key}/thought`)}
      {diff(added(text(event, "args.content")), key)}
    </>
  ),
  browse: (event) => link(text(event, "args.url")),
  browse_interactive: (event, key) => (
    <>
      {prose(text(event, "args.thought"), `${key}/thought`)}
      <Command id={key} prompt="›">
        {text(event, "args.browser_actions")}
      </Command>
    </>
  ),
  call_tool_mcp: (event, key) => (
    <>
      {prose(text(event, "args.thought"), `${key}/thought`)}
      {output(JSON.stringify(field(event, "args", "arguments") ?? {}, null, 2), key)}
    </>
  ),
  task_tracking: (event) => tasks(list(event, "args.task_list")),
  condensation: (event, key) => prose(text(event, "args.summary"), key),
};

const OBSERVATION_BODY: Record<string, Render> = {
  run: (event, key) => output(text(event, "content"), key),
  run_ipython: (event, key) => output(text(event, "content"), key),
  read: (event, key) => output(text(event, "content"), key),
  write: (event, key) => diff(added(text(event, "content")), key),
  edit: (event, key) => {
    const recorded = text(event, "extras.diff");
    const refused = text(event, "content");
    if (/^ERROR/.test(withoutSigns(refused))) return output(refused, key, "error");
    return recorded ? diff(unified(recorded), key) : output(refused, key);
  },
  error: (event, key) => output(text(event, "content", "message"), key, "error"),
  browse: (event, key) => (
    <>
      {link(text(event, "extras.url"))}
      {output(text(event, "content"), key)}
    </>
  ),
  task_tracking: (event) => tasks(list(event, "extras.task_list")),
  recall: (event, key) => prose(text(event, "extras.repo_instructions"), key),
  agent_state_changed: (event, key) => prose(text(event, "extras.reason"), key),
  null: () => null,
  think: () => null,
};

/** The body of one event, or nothing where its headline says it all. */
export function Body({ event, id }: { event: unknown; id: string }): ReactElement | null {
  const action = field(event, "action");
  const observation = field(event, "observation");
  let render: Render | undefined;
  if (typeof action === "string") render = ACTION_BODY[action] ?? plain;
  else if (typeof observation === "string") render = OBSERVATION_BODY[observation] ?? plain;
  else render = untyped;
  const content = render(event, id);
  return content ? <div className="event-body">{content}</div> : null;
}

const plain: Render = (event, key) => {
  if (field(event, "action") === "recall" || field(event, "action") === "change_agent_state")
    return null;
  return output(text(event, "content"), key) ?? prose(text(event, "args.thought"), key);
};

/** Events of the agent server name their class in `kind` and nest their text. */
const untyped: Render = (event, key) => {
  const command = text(event, "action.command");
  if (command)
    return (
      <Command id={key} prompt="$">
        {command}
      </Command>
    );
  const parts = [...list(event, "llm_message.content"), ...list(event, "observation.content")];
  const said = parts.map((part) => text(part, "text")).join("\n");
  if (said) return field(event, "observation") ? output(said, key) : prose(said, key);
  return prose(text(event, "detail", "error", "action.message", "action.thought", "summary"), key);
};

function prose(content: string, key: string): ReactNode {
  return content.trim() ? <Prose id={key}>{content}</Prose> : null;
}

function output(content: string, key: string, tone?: "error"): ReactNode {
  if (!content.trim()) return null;
  return (
    <Output id={key} {...(tone && { tone })}>
      {content}
    </Output>
  );
}

function diff(lines: readonly DiffLine[], key: string): ReactNode {
  return lines.length > 0 ? <Diff id={key} lines={lines} /> : null;
}

function link(url: string): ReactNode {
  return url ? (
    <p className="event-url">
      <Marked>{url}</Marked>
    </p>
  ) : null;
}

function changes(event: unknown): DiffLine[] {
  const before = text(event, "args.old_str");
  const after = text(event, "args.new_str");
  const line = number(event, "args.insert_line");
  if (before) return replaced(before, after);
  const place: DiffLine[] = line === undefined ? [] : [["@", `after line ${line}`]];
  return [...place, ...added(after || text(event, "args.file_text", "args.content"))];
}

const MARKS: Record<string, string> = { done: "✓", in_progress: "◐", todo: "○" };

function tasks(items: readonly unknown[]): ReactNode {
  if (items.length === 0) return null;
  return (
    <ul className="tasks">
      {items.map((item, index) => {
        const status = text(item, "status");
        return (
          <li key={index} data-status={status}>
            <span aria-label={status}>{MARKS[status] ?? "○"}</span>{" "}
            <Marked>{text(item, "title", "notes")}</Marked>
          </li>
        );
      })}
    </ul>
  );
}
