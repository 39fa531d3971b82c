/**
 * `node www/server/main.mjs [--port N] [--recording FILE] [--speed X] [--key K] [--static DIR]`
 *
 * Serves one conversation, named after the recording's file, and prints the server's address. With
 * `--speed` the conversation begins empty and plays once the first client is there; without, all of
 * its events exist from the beginning.
 */
import { basename, extname } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { parseSpeed } from "./pace.mjs";
import { createServer, DEFAULT_RECORDING } from "./server.mjs";

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      recording: { type: "string", default: fileURLToPath(DEFAULT_RECORDING) },
      speed: { type: "string" },
      key: { type: "string" },
      static: { type: "string" },
    },
  });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new Error("--port is from 0 to 65535");
  const speed = values.speed === undefined ? undefined : parseSpeed(values.speed);
  if (speed === null) throw new Error("--speed is a number from 0 or instant");

  const { recording, key } = values;
  const server = await createServer({ port, recording, key, static: values.static });
  const id = basename(recording, extname(recording));
  try {
    await server.hub.create(id, speed === undefined ? {} : { released: 0, startSpeed: speed });
  } catch (error) {
    await server.close();
    throw error;
  }
  console.log(server.url);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => void server.close().then(() => process.exit(0)));
  }
}
