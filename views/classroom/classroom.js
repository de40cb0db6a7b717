// The page of a class: the door, a student's choice, or what the teacher leads it from.

import { Choose } from "./choose.js";
import { Door } from "./door.js";
import { Keys } from "./held.js";
import { ask } from "./keeping.js";
import { Lead } from "./lead.js";
import { speak, tr } from "./texts.js";

/** @import { ClassPage, ClassTell } from "./class.js" */

const AGAIN = 2000; // milliseconds until a server that does not answer is asked again

const keys = new Keys({
  storage: {
    getItem: (name) => localStorage.getItem(name),
    setItem: (name, key) => localStorage.setItem(name, key),
    removeItem: (name) => localStorage.removeItem(name),
  },
  behind: () => location.hash.slice(1),
  hide: () => history.replaceState(history.state, "", location.pathname + location.search),
});

/**
 * What is shown depends on all that the page tells, but only the teacher's on links and colours: what
 * somebody types is not thrown away for these.
 * @param {ClassPage} data
 * @param {boolean} leads
 */
function madeOf(data, leads) {
  if (leads) return JSON.stringify(data);
  const { link, qr, theme, page, presenting, ...rest } = data;
  return JSON.stringify(rest);
}

let why = ""; // there is no class any more: a page that is drawn anew says so too

class Page {
  /** @type {{ close(): void } | null} */
  #part = null;
  #shown = "";

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
  }

  /** @param {ClassPage} data @param {ClassTell} tell */
  async show(data, tell) {
    const key = data.code && keys.of(data.code);
    const shown = madeOf(data, Boolean(key)) + Boolean(key);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const over = (/** @type {string} */ told) => {
      keys.forget(data.code);
      why = told;
      tell("code", "");
    };
    const refuse = () => {
      keys.refuse(data.code, key ?? "");
      this.#shown = "";
      this.show(data, tell);
    };
    if (key) why = "";
    if (key) this.#put(new Lead(data, key, { tell, keys, over, refuse }));
    else if (data.code) await this.#come(data, tell);
    else this.#put(new Door(data, { tell, keys }, why));
    this.root.dataset.shown = String(Number(this.root.dataset.shown ?? 0) + 1);
  }

  close() {
    this.#part?.close();
    this.#part = null;
  }

  /** @param {{ close(): void, body: HTMLElement, shown?: () => void }} part */
  #put(part) {
    this.close();
    this.#part = part;
    this.root.querySelector(".zz-class")?.remove();
    this.root.append(part.body);
    part.shown?.();
  }

  /**
   * Lead a student to what the class is asked.
   * @param {ClassPage} data
   * @param {ClassTell} tell
   */
  async #come(data, tell) {
    const shown = this.#shown;
    let told = tr("The server does not answer. It is asked again.");
    try {
      const { status, body } = await ask(data.code);
      if (shown !== this.#shown) return;
      if (status === 200) {
        why = "";
        if (body.subject in data.choices) this.#put(new Choose(data, body.subject, tell));
        else tell("lesson", [body.subject, String(body.card)]);
        return;
      }
      told = body.told;
      if (status === 404) {
        this.#put(new Door({ ...data, code: "" }, { tell, keys }, told));
        return;
      }
    } catch {
      // Nothing answers.
      if (shown !== this.#shown) return;
    }
    // A door that is there stays, with what somebody types.
    if (this.#part instanceof Door) this.#part.say(told);
    else this.#put(new Door(data, { tell, keys }, told));
    setTimeout(
      () => shown === this.#shown && this.root.isConnected && this.#come(data, tell),
      AGAIN,
    );
  }
}

/** @type {WeakMap<HTMLElement, Page>} */
const pages = new WeakMap();

/** @param {HTMLElement} root @param {ClassPage} data @param {ClassTell} tell */
export function show(root, data, tell) {
  const page = pages.get(root) ?? new Page(root);
  pages.set(root, page);
  speak(data.texts);
  const colour = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
  if (colour && colour.toLowerCase() !== data.page) tell("theme", colour);
  return page.show(data, tell);
}

/** @param {HTMLElement} root */
export function close(root) {
  if (root.isConnected) return;
  pages.get(root)?.close();
  pages.delete(root);
}
