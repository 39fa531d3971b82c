/**
 * The server's conversations, and the key that opens them.
 */
import { Conversation } from "./conversation.mjs";
import { loadRecording, readRecording } from "./recording.mjs";

export class Hub {
  /** @type {Map<string, Conversation>} */
  #conversations = new Map();
  #key;
  #recording;

  /**
   * @param {{ key?: string, recording: string | URL }} options `recording`: the file of
   *   conversations that name none
   */
  constructor({ key, recording }) {
    this.#key = key;
    this.#recording = recording;
  }

  /** Whether this session key opens the conversations. @param {unknown} key */
  accepts(key) {
    return this.#key === undefined || key === this.#key;
  }

  /** @param {string} id */
  find(id) {
    return this.#conversations.get(id);
  }

  list() {
    return [...this.#conversations.values()];
  }

  /**
   * Makes a conversation; one with the same id is replaced, and its connections are cut.
   * @param {string} id
   * @param {object} [options]
   * @param {string | URL} [options.recording] a file; default: the server's recording
   * @param {readonly string[]} [options.events] events as texts, instead of a file
   * @param {number} [options.released] how many of its events exist at once (default all)
   * @param {number} [options.startSpeed] the first client starts the playback at this speed
   * @returns {Promise<Conversation>}
   */
  async create(id, options = {}) {
    if (id === "" || id.includes("/")) throw new TypeError(`not a conversation id: "${id}"`);
    const recording = options.events
      ? readRecording(`[${options.events.join(",")}]`)
      : await loadRecording(options.recording ?? this.#recording);
    this.delete(id);
    const conversation = new Conversation(id, recording, options);
    this.#conversations.set(id, conversation);
    return conversation;
  }

  /** @param {string} id @returns {boolean} whether there was one */
  delete(id) {
    const conversation = this.#conversations.get(id);
    conversation?.pause();
    conversation?.drop();
    return this.#conversations.delete(id);
  }

  close() {
    for (const { id } of this.list()) this.delete(id);
  }
}
