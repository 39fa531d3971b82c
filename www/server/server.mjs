/**
 * A small server that speaks to a browser as OpenHands does: Socket.IO, plain WebSocket and REST,
 * over recorded conversations that it plays at a chosen speed. The demo and the tests talk to it.
 *
 * It listens on 127.0.0.1 only: the `/control/` routes ask for no key.
 */
import { createServer as createHttpServer } from "node:http";
import { Hub } from "./hub.mjs";
import { httpHandler } from "./http_routes.mjs";
import { attachSocketIo } from "./socketio_endpoint.mjs";
import { attachWebSocket } from "./websocket_endpoint.mjs";

export const DEFAULT_RECORDING = new URL("recordings/bug-hunt.json", import.meta.url);

/**
 * @typedef {object} ServerOptions
 * @property {number} [port] default 0: any free one
 * @property {string} [key] the session key that clients must bring; default: none is needed
 * @property {string | URL} [recording] the file behind the conversations that name none
 * @property {string} [static] a directory to serve beside the API
 *
 * @typedef {object} RunningServer
 * @property {string} url without a slash at the end
 * @property {number} port
 * @property {Hub} hub the conversations: `hub.create(…)`, `hub.find(id)?.play(…)`, `.drop(…)`, …
 * @property {() => Promise<void>} close cuts every connection and stops listening
 */

/**
 * @param {ServerOptions} [options]
 * @returns {Promise<RunningServer>} with no conversation yet
 */
export async function createServer(options = {}) {
  const hub = new Hub({ key: options.key, recording: options.recording ?? DEFAULT_RECORDING });
  const httpServer = createHttpServer(httpHandler(hub, options.static));
  const io = attachSocketIo(httpServer, hub);
  const sockets = attachWebSocket(httpServer, hub);
  await new Promise((resolve, reject) => {
    httpServer.once("error", reject);
    httpServer.listen(options.port ?? 0, "127.0.0.1", () => resolve(undefined));
  });
  const address = httpServer.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    hub,
    async close() {
      hub.close();
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      const closed = io.close();
      httpServer.closeAllConnections();
      await closed;
    },
  };
}
