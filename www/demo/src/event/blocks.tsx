// The pieces that event bodies are made of.
import { type ReactElement, type ReactNode } from "react";
import type { DiffLine } from "./diff";
import { useOpened } from "./expanded";
import { Marked } from "./highlight";

/** What a person or the agent wrote: paragraphs, fenced code and `inline code`. */
export function Prose({ children, id }: { children: string; id: string }): ReactElement {
  const clean = children.replaceAll("\r\n", "\n").trim();
  const parts = clean.split(/^```[\w-]*\n?/m);
  return (
    <Clamp id={id} lines={countLines(clean, 90)} most={14}>
      <div className="prose">
        {parts.map((part, index) =>
          index % 2 === 1 ? (
            <pre key={index}>
              <Marked>{part.trimEnd()}</Marked>
            </pre>
          ) : (
            part.trim() && (
              <p key={index}>
                <Inline>{part.trim()}</Inline>
              </p>
            )
          ),
        )}
      </div>
    </Clamp>
  );
}

function Inline({ children }: { children: string }): ReactElement {
  const parts = children.split(/(`[^`\n]+`|\*\*[^*\n]+\*\*)/);
  return (
    <>
      {parts.map((part, index) => {
        if (index % 2 === 0) return <Marked key={index}>{part}</Marked>;
        if (part.startsWith("`"))
          return (
            <code key={index}>
              <Marked>{part.slice(1, -1)}</Marked>
            </code>
          );
        return (
          <strong key={index}>
            <Marked>{part.slice(2, -2)}</Marked>
          </strong>
        );
      })}
    </>
  );
}

/** Machine output in mono, as it came. */
export function Output(props: { children: string; id: string; tone?: "error" }): ReactElement {
  const { children, id, tone } = props;
  const clean = children.replaceAll("\r\n", "\n").replace(ANSI, "").trimEnd();
  return (
    <Clamp id={id} lines={countLines(clean, 110)} most={12}>
      <pre className={tone === "error" ? "output is-error" : "output"}>
        <Marked>{clean}</Marked>
      </pre>
    </Clamp>
  );
}

/** Terminals' colour codes: they begin with ESC. */
const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, "g");

/** One command line or cell of code, with its prompt. */
export function Command(props: { children: string; prompt: string; id: string }): ReactElement {
  return (
    <Clamp id={props.id} lines={countLines(props.children, 110)} most={12}>
      <pre className="command" data-prompt={props.prompt}>
        <Marked>{props.children.trimEnd()}</Marked>
      </pre>
    </Clamp>
  );
}

export function Diff({ lines, id }: { lines: readonly DiffLine[]; id: string }): ReactElement {
  return (
    <Clamp id={id} lines={lines.length} most={18}>
      <pre className="diff">
        {lines.map(([sign, line], index) => (
          <span key={index} className={`diff-line ${DIFF_CLASS[sign]}`} data-sign={sign}>
            <Marked>{line === "" ? " " : line}</Marked>
          </span>
        ))}
      </pre>
    </Clamp>
  );
}

const DIFF_CLASS = { " ": "is-same", "+": "is-added", "-": "is-removed", "@": "is-place" } as const;

/** Cuts long content and offers the rest. */
function Clamp(props: {
  id: string;
  lines: number;
  most: number;
  children: ReactNode;
}): ReactElement {
  const { id, lines, most, children } = props;
  const [open, toggle] = useOpened(id);
  if (lines <= most + 3) return <>{children}</>;
  const style = { "--lines": most } as React.CSSProperties;
  return (
    <div className={open ? "clamp is-open" : "clamp"} style={style}>
      <div className="clamp-content">{children}</div>
      <button type="button" className="clamp-toggle" aria-expanded={open} onClick={toggle}>
        {open ? "Show less" : `Show all ${lines} lines`}
      </button>
    </div>
  );
}

function countLines(content: string, width: number): number {
  let lines = 0;
  for (const line of content.split("\n")) lines += Math.max(1, Math.ceil(line.length / width));
  return lines;
}
