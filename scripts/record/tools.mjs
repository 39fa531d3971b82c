/**
 * The agent's tools, really carried out in a workspace, and their events as the V0 server writes
 * them. What the agent says is the script's; what it sees is what came out.
 */
import { readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

/**
 * @typedef {import("./event_log.mjs").EventLog} EventLog
 * @typedef {import("./workspace.mjs").Workspace} Workspace
 * @typedef {{ id: string, title: string, status: "todo" | "in_progress" | "done", notes: string }} Task
 */

/** Seconds that the server grants a command. */
const TIMEOUT = 120;

const CONFIRMED = { confirmation_state: "confirmed", security_risk: -1 };

export class Tools {
  /**
   * @param {EventLog} log
   * @param {Workspace} workspace
   * @param {string} python path of the interpreter
   */
  constructor(log, workspace, python) {
    this.log = log;
    this.workspace = workspace;
    this.python = python;
  }

  /** @param {string} path inside the repository */
  #path(path) {
    return join(this.workspace.repository, path);
  }

  /**
   * @param {string} command
   * @param {string} thought
   * @param {{ hidden?: boolean, source?: string }} [options]
   */
  async run(command, thought, { hidden = false, source = "agent" } = {}) {
    const args = {
      command,
      is_input: false,
      thought,
      blocking: false,
      is_static: false,
      cwd: null,
      hidden,
      ...CONFIRMED,
    };
    const cause = this.log.action(source, "run", `Running command: ${command}`, args, TIMEOUT);
    const { exitCode, output } = await this.workspace.shell(command);
    const metadata = {
      exit_code: exitCode,
      pid: -1,
      username: userInfo().username,
      hostname: null,
      working_dir: this.workspace.repository,
      py_interpreter_path: this.python,
      prefix: "",
      suffix: `\n[The command completed with exit code ${exitCode}.]`,
    };
    this.log.observation(source, "run", {
      message: `Command \`${command}\` executed with exit code ${exitCode}.`,
      cause,
      content: output.trimEnd(),
      extras: { command, metadata, hidden },
      success: exitCode === 0,
    });
  }

  /**
   * @param {string} code
   * @param {string} thought
   */
  async ipython(code, thought) {
    const args = { code, thought, include_extra: true, ...CONFIRMED, kernel_init_code: "" };
    const message = `Running Python code interactively: ${code}`;
    const cause = this.log.action("agent", "run_ipython", message, args, TIMEOUT);
    const { output } = await this.workspace.run([this.python, "-"], code);
    const printed = output.trimEnd() || "[Code executed successfully with no output]";
    const where = `[Jupyter current working directory: ${this.workspace.repository}]`;
    this.log.observation("agent", "run_ipython", {
      message: "Code executed in IPython cell.",
      cause,
      content: `${printed}\n${where}\n[Jupyter Python interpreter: ${this.python}]`,
      extras: { code, image_urls: null },
      success: true,
    });
  }

  /**
   * @param {string} name
   * @param {string} thought
   */
  async read(name, thought) {
    const path = this.#path(name);
    const args = {
      path,
      start: 0,
      end: -1,
      thought,
      security_risk: -1,
      impl_source: "oh_aci",
      view_range: null,
    };
    const cause = this.log.action("agent", "read", `Reading file: ${path}`, args);
    const text = await readFile(path, "utf8").catch(() => null);
    if (text === null) {
      const where = `Your current working directory is ${this.workspace.repository}.`;
      const content = `File not found: ${path}. ${where}`;
      this.log.observation("agent", "error", {
        message: content,
        cause,
        content,
        extras: { error_id: "" },
      });
      return;
    }
    this.log.observation("agent", "read", {
      message: `I read the file ${path}.`,
      cause,
      content: `Here's the result of running \`cat -n\` on ${path}:\n${numbered(text, 1, Infinity)}\n`,
      extras: { path, impl_source: "oh_aci" },
    });
  }

  /**
   * Replaces a piece of text that has to occur exactly once.
   * @param {string} name
   * @param {string} oldText
   * @param {string} newText
   * @param {string} thought
   */
  async edit(name, oldText, newText, thought) {
    const path = this.#path(name);
    const cause = this.#editAction(path, "str_replace", thought, {
      old_str: oldText,
      new_str: newText,
    });
    const before = await readFile(path, "utf8");
    const count = before.split(oldText).length - 1;
    const after = count === 1 ? before.replace(oldText, () => newText) : before;
    await writeFile(path, after);
    this.#edited(path, cause, {
      content:
        count === 1 ? editReport(path, before, oldText, newText) : refusal(path, oldText, count),
      old: oldText,
      new: newText,
      diff: await this.#diff(path, before),
    });
  }

  /**
   * Makes a new file with the editor.
   * @param {string} name
   * @param {string} text
   * @param {string} thought
   */
  async create(name, text, thought) {
    const path = this.#path(name);
    const cause = this.#editAction(path, "create", thought, { file_text: text });
    await writeFile(path, text, { flag: "wx" });
    this.#edited(path, cause, {
      content: `File created successfully at: ${path}`,
      old: null,
      new: null,
      diff: await this.#diff(path, ""),
    });
  }

  /**
   * @param {string} path
   * @param {string} command
   * @param {string} thought
   * @param {{ file_text?: string, old_str?: string, new_str?: string }} texts
   */
  #editAction(path, command, thought, { file_text, old_str, new_str }) {
    const args = {
      path,
      command,
      file_text: file_text ?? null,
      old_str: old_str ?? null,
      new_str: new_str ?? null,
      insert_line: null,
      content: "",
      start: 1,
      end: -1,
      thought,
      security_risk: -1,
      impl_source: "oh_aci",
    };
    return this.log.action("agent", "edit", "", args, TIMEOUT);
  }

  /**
   * @param {string} path
   * @param {number} cause
   * @param {{ content: string, old: string | null, new: string | null, diff: string }} edit
   */
  #edited(path, cause, edit) {
    this.log.observation("agent", "edit", {
      message: `I edited the file ${path}.`,
      cause,
      content: edit.content,
      extras: {
        path,
        prev_exist: false,
        old_content: edit.old,
        new_content: edit.new,
        impl_source: "oh_aci",
        diff: edit.diff,
        _diff_cache: null,
      },
    });
  }

  /**
   * @param {string} path
   * @param {string} before the file's text before the edit
   */
  async #diff(path, before) {
    const labels = ["--label", path, "--label", path];
    const { output } = await this.workspace.run(["diff", "-U0", ...labels, "-", path], before);
    return output.trimEnd();
  }

  /**
   * Writes a whole file.
   * @param {string} name
   * @param {string} content
   * @param {string} thought
   */
  async write(name, content, thought) {
    const path = this.#path(name);
    const args = { path, content, start: 0, end: -1, thought, security_risk: -1 };
    const cause = this.log.action("agent", "write", `Writing file: ${path}`, args);
    await writeFile(path, content);
    const message = `I wrote to the file ${path}.`;
    this.log.observation("agent", "write", { message, cause, content: "", extras: { path } });
  }

  /** @param {string} thought */
  think(thought) {
    const cause = this.log.action("agent", "think", `I am thinking...: ${thought}`, { thought });
    const content = "Your thought has been logged.";
    this.log.observation("agent", "think", { message: content, cause, content });
  }

  /**
   * @param {Task[]} tasks
   * @param {string} thought
   */
  async plan(tasks, thought) {
    const count = tasks.length === 1 ? "1 task item" : `${tasks.length} task items`;
    const args = { command: "plan", task_list: tasks, thought };
    const cause = this.log.action("agent", "task_tracking", `Managing ${count}.`, args);
    const file = join(this.workspace.root, "TASKS.md");
    await writeFile(file, tasks.map(({ status, title }) => `- ${status}: ${title}\n`).join(""));
    const updated = `Task list has been updated with ${tasks.length} items.`;
    const content = `${updated} Stored in session directory: ${file}`;
    this.log.observation("agent", "task_tracking", {
      message: content,
      cause,
      content,
      extras: { command: "plan", task_list: tasks },
    });
  }
}

/**
 * Lines as the editor shows them, with their numbers.
 * @param {string} text
 * @param {number} from first line, from 1
 * @param {number} to last line
 */
function numbered(text, from, to) {
  const lines = text.replace(/\n$/, "").split("\n");
  return lines
    .map((line, index) => `${String(index + 1).padStart(6)}\t${line}`)
    .slice(from - 1, to)
    .join("\n");
}

/**
 * @param {string} path
 * @param {string} before
 * @param {string} oldText
 * @param {string} newText
 */
function editReport(path, before, oldText, newText) {
  const line = before.slice(0, before.indexOf(oldText)).split("\n").length;
  const last = line + newText.split("\n").length - 1;
  const after = before.replace(oldText, () => newText);
  const snippet = numbered(after, Math.max(1, line - 4), last + 4);
  return (
    `The file ${path} has been edited. Here's the result of running \`cat -n\` on a snippet of ` +
    `${path}:\n${snippet}\nReview the changes and make sure they are as expected (correct ` +
    "indentation, no duplicate lines, etc). Edit the file again if necessary."
  );
}

/**
 * @param {string} path
 * @param {string} oldText
 * @param {number} count
 */
function refusal(path, oldText, count) {
  const why =
    count === 0
      ? `old_str \`${oldText}\` did not appear verbatim in ${path}.`
      : `Multiple occurrences of old_str \`${oldText}\` in ${path}.`;
  return `ERROR:\nNo replacement was performed, ${why}`;
}
