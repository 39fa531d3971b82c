/**
 * The directory in which the recorded commands really run, with a home and a git identity of its own.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A command that takes longer is a fault of the script. */
const TIMEOUT = 60_000;

export class Workspace {
  /**
   * @param {string} root
   * @param {string} repository
   */
  constructor(root, repository) {
    this.root = root;
    this.repository = repository;
  }

  /**
   * @param {string} name of the repository
   * @param {Record<string, string>} files
   */
  static async create(name, files) {
    const root = await realpath(await mkdtemp(join(tmpdir(), "workspace-")));
    const workspace = new Workspace(root, join(root, name));
    await mkdir(join(root, "home"));
    for (const [path, content] of Object.entries(files)) {
      const file = join(workspace.repository, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    const setup = [
      "git config --global user.name openhands",
      "git config --global user.email openhands@all-hands.dev",
      "git config --global init.defaultBranch main",
      "git config --global core.quotePath false",
      "git init --quiet",
      "git add inventory data README.md .gitignore",
      "git commit --quiet -m 'Stock, loader and nightly report'",
      "git add tests",
      "git commit --quiet -m 'Tests'",
      "git checkout --quiet -b fix-nightly-report",
    ].join(" && ");
    const { exitCode, output } = await workspace.run(["bash", "-c", setup]);
    if (exitCode !== 0) throw new Error(`the repository could not be made: ${output}`);
    return workspace;
  }

  /**
   * @param {readonly string[]} command
   * @param {string} [input] none = standard input is at its end
   * @returns {Promise<{ exitCode: number, output: string }>} standard output and error as they came
   */
  run([program, ...args], input) {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: this.repository,
        env: {
          PATH: "/usr/local/bin:/usr/bin:/bin",
          HOME: join(this.root, "home"),
          LANG: "C.UTF-8",
          TZ: "UTC",
          GIT_PAGER: "cat",
          GIT_CONFIG_NOSYSTEM: "1",
        },
        timeout: TIMEOUT,
      });
      /** @type {Buffer[]} */
      const chunks = [];
      child.stdout.on("data", (chunk) => chunks.push(chunk));
      child.stderr.on("data", (chunk) => chunks.push(chunk));
      child.once("error", reject);
      child.stdin.once("error", reject);
      child.once("close", (code, signal) => {
        if (code === null) reject(new Error(`${program} ended by ${signal}: ${args.join(" ")}`));
        else resolve({ exitCode: code, output: Buffer.concat(chunks).toString("utf8") });
      });
      if (input) child.stdin.write(input);
      child.stdin.end();
    });
  }

  /**
   * A command line, with both outputs in the order in which they were written.
   * @param {string} line
   */
  shell(line) {
    return this.run(["bash", "-c", `exec 2>&1\n${line}`]);
  }

  remove() {
    return rm(this.root, { recursive: true });
  }
}
