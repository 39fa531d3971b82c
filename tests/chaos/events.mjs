/** The events that the servers send, as the texts that they store. */
const V0 = [
  (id) => ({ source: "user", message: `ask ${id}`, action: "message", args: { content: `${id}` } }),
  (id) => ({ source: "agent", message: "", action: "run", args: { command: `echo ${id}` } }),
  (id) => ({ source: "agent", action: "think", args: { thought: `é ${"so ".repeat(id % 50)}` } }),
  // Those of the environment are sent live with another source; some are never sent at all.
  (id, { below }) => ({
    source: "environment",
    cause: Math.max(0, id - 1),
    observation: "run",
    content: "line\n".repeat(below(200)),
    extras: { metadata: { exit_code: 0 } },
  }),
  () => ({
    source: "environment",
    observation: "agent_state_changed",
    content: "",
    extras: { agent_state: "running" },
  }),
  () => ({ source: "environment", observation: "null", content: "", extras: {} }),
  () => ({ source: "agent", action: "null", args: {} }),
  () => ({ source: "user", action: "recall", args: { query: "q" } }),
  () => ({ source: "environment", observation: "read", content: "x", extras: { path: "/x" } }),
];

const V1 = [
  (id) => ({ source: "user", kind: "MessageEvent", llm_message: messageOf("user", `ask ${id}`) }),
  (id) => ({ source: "agent", kind: "MessageEvent", llm_message: messageOf("assistant", `${id}`) }),
  (id, { below }) => ({
    source: "environment",
    kind: "ObservationEvent",
    tool_name: "terminal",
    observation: { kind: "TerminalObservation", output: "line\n".repeat(below(200)) },
  }),
];

const messageOf = (role, text) => ({ role, content: [{ type: "text", text }] });

/** Several events share a time, as they do when a server is fast. */
function timeOf(index) {
  const milliseconds = Date.UTC(2026, 0, 1) + Math.floor(index / 3) * 40;
  return new Date(milliseconds).toISOString().replace("Z", "000");
}

/**
 * @param {"v0" | "v1"} dialect
 * @param {number} count
 * @param {import("./proxy.mjs").Random} random
 * @returns {string[]}
 */
export function eventsOf(dialect, count, random) {
  return Array.from({ length: count }, (_, index) => {
    const make = random.pick(dialect === "v0" ? V0 : V1);
    const hex = () =>
      random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, "0");
    const id = dialect === "v0" ? index : `${hex()}-${hex()}`;
    return JSON.stringify({ id, timestamp: timeOf(index), ...make(index, random) });
  });
}
