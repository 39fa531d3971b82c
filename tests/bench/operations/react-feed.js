// Events that come one by one, each in a task of its own, into a list that React shows.

const ROWS = 50;

/** Calls `receive` with one text after the other, each in a task of its own, until it is false. */
function deliver(texts, receive) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    let index = 0;
    port1.onmessage = ({ data }) => {
      if (receive(data) === false || ++index === texts.length) {
        port1.close();
        resolve(index);
      }
    };
    for (const text of texts) port2.postMessage(text);
  });
}

/** When a row of this id is on the page. */
function shown(element, id) {
  return new Promise((resolve) => {
    const there = () => element.querySelector(`[data-id="${id}"]`) !== null;
    if (there()) return resolve();
    const observer = new MutationObserver(() => {
      if (!there()) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(element, { childList: true, subtree: true });
  });
}

export const reactFeed = {
  title: "Feed to a React list of 50 rows",
  about:
    "Each event comes as the text of a message, in a task of its own, until the last one is on the " +
    "page (React 19). oh-event-store also stores them. The others only keep them in memory: `push` " +
    "is one array, a counter and one render per event; `today` is the front end's store, which " +
    "copies two arrays and a Set for each event. It is stopped after a time.",
  start: "empty",
  contenders: ["ours", "push", "today"],
  metrics: { total: { title: "until the last event is shown", unit: "ms", plotted: true } },
  async measure({ contender, frames, settings: { reactEvents, reactLimit } }) {
    const { mount } = await import(`/lists/${contender}.js`);
    const element = document.body.appendChild(document.createElement("div"));
    const list = await mount(element, ROWS);
    const texts = [];
    for (let from = 0; from < reactEvents; from += 5000) {
      texts.push(...(await frames(from, Math.min(5000, reactEvents - from))));
    }
    const lastId = JSON.parse(texts.at(-1)).id;
    const start = performance.now();
    const fed = await deliver(texts, (text) => {
      list.feed(text);
      return performance.now() - start < reactLimit;
    });
    if (fed < texts.length) return { total: performance.now() - start, unfinished: true, fed };
    await shown(element, lastId);
    return { total: performance.now() - start };
  },
};
