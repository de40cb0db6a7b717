// A page that has no connection says why, and what to do; one that an update of the server has left
// behind says to load it again. It is not the player's: the server puts it into Streamlit's page.

import { speak, tr } from "./texts.js";

/** @typedef {{ host: string, edition: string, texts: Record<string, string> }} Reached */

const PATIENCE = 10_000; // milliseconds without a connection, which usually takes two seconds
const LOOK = 1000; // milliseconds between two looks at whether there is one
const STATE = "data-test-connection-state";
const CONNECTED = `[data-testid="stApp"][${STATE}="CONNECTED"]`;

const SHOWN = "[data-shown], .st-key-lessons"; // a picture, or the list of lessons

/** What the server says of itself; null where it does not answer. @returns {Promise<Reached | null>} */
async function reached() {
  try {
    const query = new URLSearchParams({
      lang: new URLSearchParams(location.search).get("lang") ?? "",
    });
    const response = await fetch(new URL(`zz/reach?${query}`, document.baseURI), {
      cache: "no-store",
    });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/**
 * Why there is no connection, as far as the server's answer tells.
 * @param {Reached | null} found
 */
function reason(found) {
  if (!found) return tr("The server does not answer. When it does, this page goes on by itself.");
  if (found.host !== location.host) {
    return tr(
      "The proxy in front of the server does not pass on the Host of a request, so that no connection to the page can be opened. Whoever runs the server finds what to set under Deploy in the README.",
    );
  }
  return tr(
    "No WebSocket to the server can be opened. A proxy in front of it, or one in this network, has to pass them on; under Deploy the README says how. Another network may do.",
  );
}

/** The bar at the top that says one sentence. */
class Bar {
  #node = document.createElement("div");

  constructor() {
    this.#node.setAttribute("role", "alert");
    this.#node.className = "zz-reach";
    Object.assign(this.#node.style, {
      position: "fixed",
      inset: "0 0 auto 0",
      zIndex: "1000000",
      padding: "0.75rem 1rem",
      font: "16px sans-serif",
      color: "#17202b",
      background: "#fff3cd",
      borderBottom: "1px solid #8a6d1a",
    });
  }

  /** @param {string} text Nothing takes the bar away. */
  say(text) {
    if (text === this.#node.textContent && this.#node.isConnected === Boolean(text)) return;
    this.#node.textContent = text;
    if (text) document.body.append(this.#node);
    else this.#node.remove();
  }
}

/** Tells the page around a frame, once each, that this one is ready or has failed. */
class Parent {
  #told = "";

  /**
   * @param {"ready" | "failed"} state
   * @param {string} [why]
   */
  tell(state, why = "") {
    if (window.parent === window || this.#told === state) return;
    this.#told = state;
    // Any page may embed this one, and what is told is no secret.
    window.parent.postMessage({ source: "zigzag", state, why }, "*");
  }
}

const bar = new Bar();
const around = new Parent();
let edition = ""; // of the server that this page came from
let since = performance.now(); // when the connection was lost, or the page opened
let connected = false;
let changed = true; // whether the connection has come or gone since the last look
let updated = false;

/** Ask the server what it is, and take note of an update. */
async function ask() {
  const found = await reached();
  if (found && !edition) speak(found.texts);
  edition ||= found?.edition ?? "";
  updated ||= Boolean(found && edition && found.edition !== edition);
  return found;
}

async function look() {
  const now = Boolean(document.querySelector(CONNECTED));
  if (now && changed) {
    changed = false;
    await ask(); // it may be another server than before
  }
  if (!now && connected) since = performance.now();
  connected = now;
  if (updated) {
    bar.say(
      tr(
        "The server has been updated since this page was loaded. Load it again: the link holds all that is set.",
      ),
    );
  } else if (connected) bar.say("");
  else if (performance.now() - since > PATIENCE) {
    const why = reason(await ask());
    bar.say(why);
    around.tell("failed", why);
  }
  if (connected && document.querySelector(SHOWN)) around.tell("ready");
  setTimeout(look, LOOK);
}

// A connection that is back before the next look may lead to another server all the same.
new MutationObserver(() => {
  changed = true;
}).observe(document, { subtree: true, attributes: true, attributeFilter: [STATE] });
await ask();
look();
