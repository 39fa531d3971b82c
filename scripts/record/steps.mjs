/**
 * The words in which a recording's script is written. A step declares how long the agent or the user
 * pondered before it: by default, as long as it takes to write what the step says.
 *
 * @typedef {import("./tools.mjs").Tools} Tools
 * @typedef {import("./session.mjs").Session} Session
 *
 * @typedef {object} Step
 * @property {number} pause milliseconds before it
 * @property {(tools: Tools, session: Session) => void | Promise<void>} take
 */

/** @param {...string} written */
function writing(...written) {
  return 900 + 14 * written.join("").length;
}

/** @returns {Step} */
export function begin() {
  return { pause: 0, take: (_, session) => session.begin() };
}

/**
 * @param {number} pause
 * @param {string} content
 * @returns {Step}
 */
export function user(pause, content) {
  return { pause, take: (_, session) => session.user(content) };
}

/** @param {string} content @returns {Step} */
export function ask(content) {
  return { pause: writing(content), take: (_, session) => session.ask(content) };
}

/** @param {string} summary @returns {Step} */
export function condense(summary) {
  return { pause: 800, take: (_, session) => session.condense(summary) };
}

/** @param {string} report @returns {Step} */
export function finish(report) {
  return { pause: writing(report), take: (_, session) => session.finish(report) };
}

/**
 * @param {string} command
 * @param {string} [thought]
 * @returns {Step}
 */
export function run(command, thought = "") {
  return { pause: writing(command, thought), take: (tools) => tools.run(command, thought) };
}

/** A command of the server's own, which isn't shown. @param {string} command @returns {Step} */
export function hidden(command) {
  const options = { hidden: true, source: "environment" };
  return { pause: 30, take: (tools) => tools.run(command, "", options) };
}

/**
 * @param {string} code
 * @param {string} [thought]
 * @returns {Step}
 */
export function ipython(code, thought = "") {
  return { pause: writing(code, thought), take: (tools) => tools.ipython(code, thought) };
}

/**
 * @param {string} name
 * @param {string} [thought]
 * @returns {Step}
 */
export function read(name, thought = "") {
  return { pause: writing(name, thought), take: (tools) => tools.read(name, thought) };
}

/**
 * @param {string} name
 * @param {string} oldText
 * @param {string} newText
 * @param {string} [thought]
 * @returns {Step}
 */
export function edit(name, oldText, newText, thought = "") {
  return {
    pause: writing(oldText, newText, thought),
    take: (tools) => tools.edit(name, oldText, newText, thought),
  };
}

/**
 * @param {string} name
 * @param {string} text
 * @param {string} [thought]
 * @returns {Step}
 */
export function create(name, text, thought = "") {
  return { pause: writing(text, thought), take: (tools) => tools.create(name, text, thought) };
}

/**
 * @param {string} name
 * @param {string} content
 * @param {string} [thought]
 * @returns {Step}
 */
export function write(name, content, thought = "") {
  return { pause: writing(content, thought), take: (tools) => tools.write(name, content, thought) };
}

/** @param {string} thought @returns {Step} */
export function think(thought) {
  return { pause: writing(thought), take: (tools) => tools.think(thought) };
}

/**
 * @param {Record<string, "todo" | "in_progress" | "done">} tasks title → status
 * @param {string} [thought]
 * @returns {Step}
 */
export function plan(tasks, thought = "") {
  const list = Object.entries(tasks).map(([title, status], index) => ({
    id: String(index + 1),
    title,
    status,
    notes: "",
  }));
  return {
    pause: writing(thought, ...Object.keys(tasks)),
    take: (tools) => tools.plan(list, thought),
  };
}
