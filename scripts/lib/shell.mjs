// Running programs and saying so. Only Node's own modules: these scripts run before `npm ci`.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const cargoBin = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");

/** The environment of every child: the wasm tools, the npm binaries and cargo are on its PATH. */
export const environment = {
  ...process.env,
  PATH: [
    join(root, "scripts/tools/target/debug"),
    join(root, "node_modules/.bin"),
    process.env.PATH ?? "",
    cargoBin,
  ].join(delimiter),
};

export function say(message) {
  console.log(`\n▸ ${message}`);
}

/** An error whose message is all that a person needs: it is shown without a stack. */
export class Failure extends Error {}

/** The first file of this name on the PATH of `environment`, or undefined. */
export function which(name) {
  return environment.PATH.split(delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find((file) => existsSync(file));
}

/** What a program prints, without the spaces around it; undefined when it fails. */
export function output(command, args) {
  const result = spawnSync(command, args, { cwd: root, env: environment, encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * Runs a program and resolves with its exit code and, when `capture` is set, with what it printed.
 * Its output is shown as it comes. After `timeout` milliseconds it and its children are ended.
 */
export function run(command, args, { env = {}, cwd = root, capture = false, timeout } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...environment, ...env },
      stdio: capture ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
      detached: true,
    });
    const signalGroup = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // The group has ended by itself.
      }
    };
    let stopped = false;
    const interrupted = () => {
      stopped = true;
      signalGroup("SIGTERM");
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    let timedOut = false;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            signalGroup("SIGKILL");
          }, timeout);

    let printed = "";
    if (capture) {
      for (const [from, to] of [
        [child.stdout, process.stdout],
        [child.stderr, process.stderr],
      ]) {
        from.setEncoding("utf8");
        from.on("data", (text) => {
          printed += text;
          to.write(text);
        });
      }
    }
    const settle = () => {
      clearTimeout(timer);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    };
    child.on("error", (error) => {
      settle();
      reject(new Failure(`${command} could not be started: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      settle();
      if (stopped) process.exit(130);
      resolve({ code: code ?? 1, signal, timedOut, printed });
    });
  });
}

/** Like `run`, but another exit code than 0 is a Failure. */
export async function must(command, args, options) {
  const { code, signal } = await run(command, args, options);
  if (code !== 0) {
    throw new Failure(`${command} ${args.join(" ")} failed (${signal ?? `exit code ${code}`})`);
  }
}

/** Runs a script's main function when the file was started from the command line. */
export async function main(url, body) {
  if (process.argv[1] === undefined || fileURLToPath(url) !== process.argv[1]) return;
  try {
    await body(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Failure ? `\n✘ ${error.message}` : error);
    process.exit(1);
  }
}
