// Installs what a fresh clone lacks: Rust's wasm target, the wasm tools, npm's packages and, for
// the tests, Chromium with its driver. What stands already is left alone.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, must, output, root, say, which } from "./lib/shell.mjs";
import { digest, isDone, markDone } from "./lib/stamp.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";
const WASM_TOOLS = ["wasm-pack", "wasm-bindgen", "wasm-bindgen-test-runner"];

export function chromiumPath() {
  return process.env.OH_CHROMIUM ?? which("chromium");
}

export function chromedriverPath() {
  return process.env.CHROMEDRIVER ?? which("chromedriver");
}

/** Firefox and its driver are found where they are, never installed: most checks do without. */
export function firefoxPath() {
  return process.env.OH_FIREFOX ?? which("firefox-esr") ?? which("firefox");
}

export function geckodriverPath() {
  return process.env.GECKODRIVER ?? which("geckodriver");
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Failure(`Node 20.19 or newer is needed; this is ${process.versions.node}.`);
  }
}

async function debianPackages(names, why) {
  const command = `apt-get install -y --no-install-recommends ${names.join(" ")}`;
  if (which("apt-get") === undefined) {
    throw new Failure(`${why} is missing and there is no apt-get here: install it by hand.`);
  }
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo"];
  if (asRoot.length > 0 && which("sudo") === undefined) {
    throw new Failure(`${why} is missing. As root, run: apt-get update && ${command}`);
  }
  say(`Installing ${why} (${names.join(", ")}) with apt-get`);
  const apt = (...args) => {
    const [program, ...rest] = [...asRoot, "apt-get", ...args];
    return must(program, rest, { env: { DEBIAN_FRONTEND: "noninteractive" } });
  };
  await apt("update");
  await apt("install", "-y", "--no-install-recommends", ...names);
}

async function rust() {
  if (which("cargo") === undefined) {
    throw new Failure("Rust is missing: install it with rustup, see https://rustup.rs");
  }
  if (which("cc") === undefined) await debianPackages(["gcc", "libc6-dev"], "a C compiler");
  const sysroot = output("rustc", ["--print", "sysroot"]);
  if (sysroot === undefined) {
    throw new Failure("rustc does not run: install a toolchain with `rustup default stable`.");
  }
  if (existsSync(join(sysroot, "lib/rustlib", WASM_TARGET))) return;
  if (which("rustup") === undefined) {
    throw new Failure(`Rust's target ${WASM_TARGET} is missing and there is no rustup to add it.`);
  }
  say(`Adding Rust's target ${WASM_TARGET}`);
  await must("rustup", ["target", "add", WASM_TARGET]);
}

async function lintComponents() {
  for (const [component, command] of [
    ["rustfmt", "fmt"],
    ["clippy", "clippy"],
  ]) {
    if (output("cargo", [command, "--version"]) !== undefined) continue;
    say(`Adding Rust's ${component}`);
    await must("rustup", ["component", "add", component]);
  }
}

async function wasmTools() {
  const directory = "scripts/tools";
  const binaries = WASM_TOOLS.map((name) => `${directory}/target/debug/${name}`);
  const inputs = digest([`${directory}/Cargo.toml`, `${directory}/Cargo.lock`, `${directory}/src`]);
  if (isDone("wasm-tools", inputs, binaries)) return;
  say("Building the wasm tools (wasm-pack, wasm-bindgen): one or two minutes, once");
  await must("cargo", ["build", "--locked", "--manifest-path", `${directory}/Cargo.toml`]);
  markDone("wasm-tools", inputs, binaries);
}

/** Whether node_modules holds what package-lock.json asks for, by npm's own record of it. */
function npmPackagesStand() {
  const installed = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, integrity, optional, devOptional }]) =>
      path === "" ||
      (present[path] === undefined
        ? optional === true || devOptional === true
        : present[path].version === version && present[path].integrity === integrity),
  );
}

async function npmPackages() {
  if (npmPackagesStand()) return;
  say("Installing npm packages");
  await must("npm", ["ci", "--no-audit", "--no-fund"], {
    env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" },
  });
}

async function browser() {
  if (chromiumPath() !== undefined && chromedriverPath() !== undefined) return;
  await debianPackages(["chromium", "chromium-driver"], "Chromium and its driver");
}

/** Installs what is missing to build and, with `tests`, to run the tests. */
export async function setup({ tests = false } = {}) {
  checkNode();
  await rust();
  if (tests) {
    await lintComponents();
    await browser();
  }
  await npmPackages();
  await wasmTools();
  say(
    `Everything needed is installed (${output("rustc", ["--version"])}, node ${process.version})`,
  );
}

await main(import.meta.url, () => setup({ tests: true }));
