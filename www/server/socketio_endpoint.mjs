/**
 * The V0 channel: Socket.IO, `oh_event` from the server, `oh_user_action` from the client.
 */
import { Server } from "socket.io";
import { eventParser, JsonText } from "./event_parser.mjs";
import { eventsOnConnect, liveText, parseLatestEventId } from "./socket_rules.mjs";

/** @typedef {import("./hub.mjs").Hub} Hub */

/**
 * @param {import("node:http").Server} httpServer
 * @param {Hub} hub
 * @returns {Server}
 */
export function attachSocketIo(httpServer, hub) {
  const io = new Server(httpServer, {
    cors: { origin: "*" },
    destroyUpgrade: false,
    parser: eventParser,
    serveClient: false,
  });

  io.use((socket, next) => {
    const { conversation_id: id, session_api_key: key } = socket.handshake.query;
    if (typeof id !== "string" || id === "") {
      next(new Error("No conversation_id in query params"));
    } else if (!hub.accepts(key)) {
      next(new Error("invalid_session_api_key"));
    } else if (!hub.find(id)) {
      next(new Error(`Conversation ${id} not found`));
    } else {
      next();
    }
  });

  io.on("connection", (socket) => {
    const query = socket.handshake.query;
    const conversation = hub.find(String(query.conversation_id));
    if (!conversation) {
      socket.disconnect(true);
      return;
    }
    const latest = parseLatestEventId(query.latest_event_id);
    for (const event of eventsOnConnect(conversation.events, latest)) {
      socket.emit("oh_event", new JsonText(event.text));
    }
    const unlisten = conversation.listen({
      event(event) {
        const text = liveText(event);
        if (text !== null) socket.emit("oh_event", new JsonText(text));
      },
      status: (status) => socket.emit("oh_event", status),
      drop: () => socket.conn.close(),
      raw() {},
    });
    socket.on("disconnect", unlisten);
    socket.on("oh_user_action", (action, acknowledge) => {
      try {
        conversation.append(action);
      } catch (error) {
        socket.emit("oh_event", { error: true, message: String(error) });
        return;
      }
      if (typeof acknowledge === "function") acknowledge();
    });
  });
  return io;
}
