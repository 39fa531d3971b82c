/**
 * `node scripts/record.mjs [FILE]`: records the demo's conversation, a bug hunt in a toy repository.
 *
 * The script in `record/bug_hunt.mjs` says what the agent does and thinks. Every command, edit and
 * Python cell is really carried out in a temporary directory, and the events hold what came out:
 * outputs, exit codes, diffs, durations. Pauses for thinking and typing are the script's, and the
 * clock is moved on by them. Needs bash, git, python3 and diff.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bugHunt } from "./record/bug_hunt.mjs";
import { EventLog } from "./record/event_log.mjs";
import { FILES } from "./record/repository.mjs";
import { Session } from "./record/session.mjs";
import { Tools } from "./record/tools.mjs";
import { Workspace } from "./record/workspace.mjs";

const target =
  process.argv[2] ??
  fileURLToPath(new URL("../www/server/recordings/bug-hunt.json", import.meta.url));

const workspace = await Workspace.create("inventory", FILES);
try {
  const { output: python } = await workspace.shell("command -v python3");
  const log = new EventLog();
  const tools = new Tools(log, workspace, python.trim());
  const session = new Session(log, workspace.repository);
  for (const step of bugHunt) {
    log.pause(step.pause);
    await step.take(tools, session);
  }
  const text = `[\n${log.texts.join(",\n")}\n]\n`;
  await writeFile(target, text);
  console.log(`${target}: ${log.texts.length} events, ${text.length} bytes`);
} finally {
  await workspace.remove();
}
