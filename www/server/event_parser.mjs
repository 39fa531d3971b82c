/**
 * Socket.IO's own parser, except that an event which comes as its text goes out as that text: the
 * V0 server, being Python, sends `120.0` where `JSON.stringify` would write `120`.
 */
import { Decoder, Encoder, PacketType } from "socket.io-parser";

/** The JSON text of an argument of `emit`. */
export class JsonText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

class TextEncoder extends Encoder {
  /** @param {import("socket.io-parser").Packet} packet */
  encode(packet) {
    const data = /** @type {unknown} */ (packet.data);
    if (packet.type === PacketType.EVENT && Array.isArray(data) && data[1] instanceof JsonText) {
      return [`${PacketType.EVENT}[${JSON.stringify(data[0])},${data[1].text}]`];
    }
    return super.encode(packet);
  }
}

/** The `parser` option of a Socket.IO server. */
export const eventParser = { Encoder: TextEncoder, Decoder };
