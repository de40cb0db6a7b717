// What is said of the runs, above and below the picture. All of it comes as text and is set as text.

import { settle } from "./meeting.js";
import { renew, say, set } from "./renew.js";
import { tr } from "./texts.js";

/** @import { Told } from "./types.js" */

const DESCRIPTION = "zz-sentence zz-further"; // ids of what describes every picture of the runs

/** Let every picture of the runs be described by the sentences on them, wherever these stand. */
export function describe() {
  for (const picture of document.querySelectorAll(".zz-stage, .zz-view, .zz-loss")) {
    set(picture, "aria-describedby", DESCRIPTION);
  }
}

export class Words {
  #before = make("div", "zz-before");
  #after = make("div", "zz-after");
  #sentence = make("p", "zz-sentence");
  #stopped = new AbortController();
  #table = make("table", "zz-table");
  #scroll = make("div", "zz-scroll");
  #more = make("p", "zz-further");
  #lowest = make("p", "zz-lowest");
  #shown = "";
  /** @type {Set<string>} The texts that the reader has unfolded. */
  #unfolded = new Set();
  #watcher = new ResizeObserver(() => this.#fold());

  /**
   * @param {HTMLElement} root
   * @param {() => void} undo Is called for a wish to undo the changes of a preset.
   */
  constructor(root, undo) {
    this.#scroll.append(this.#table);
    // Of a phone it is wider, and the keys scroll only what they can stand on.
    this.#scroll.tabIndex = 0;
    this.#scroll.setAttribute("role", "group");
    this.#sentence.setAttribute("role", "status");
    [this.#sentence.id, this.#more.id] = DESCRIPTION.split(" ");
    this.#after.append(this.#more, this.#scroll, this.#lowest);
    const { signal } = this.#stopped;
    const press = (/** @type {Event} */ { target }) => {
      if (!(target instanceof Element)) return;
      if (target.closest(".zz-undo")) undo();
      const text = target.closest(".zz-unfold")?.previousElementSibling?.textContent;
      if (!text) return;
      if (!this.#unfolded.delete(text)) this.#unfolded.add(text);
      this.#fold();
    };
    this.#watcher.observe(this.#before);
    this.#before.addEventListener("click", press, { signal });
    settle("result", this.#sentence, this.#after, signal);
    settle("heading", this.#before, root, signal);
    settle("details", this.#after, root, signal);
  }

  close() {
    this.#watcher.disconnect();
    this.#stopped.abort();
  }

  /** @param {Told} told */
  show(told) {
    const now = JSON.stringify(told);
    if (now === this.#shown) return;
    this.#shown = now;
    renew(this.#before, [...this.#heading(told), ...told.notes.map(noted)]);
    this.#fold();
    say(this.#sentence, told.sentence);
    say(this.#more, told.more);
    say(this.#lowest, told.lowest);
    const head = make("thead");
    head.append(row("th", told.head));
    const body = make("tbody");
    body.append(...told.rows.map((cells) => row("td", cells)));
    renew(this.#table, [head, body]);
    this.#scroll.setAttribute("aria-label", told.head.join(", "));
  }

  /** Offer the rest of a text where the page's style shows its first lines alone. */
  #fold() {
    for (const place of this.#before.querySelectorAll(".zz-fold")) {
      const [text, button] = place.children;
      const open = this.#unfolded.has(text.textContent ?? "");
      place.classList.toggle("zz-open", open);
      place.classList.toggle("zz-cut", !open && text.scrollHeight > text.clientHeight + 1);
      say(button, open ? tr("less") : tr("more"));
      set(button, "aria-expanded", String(open));
    }
  }

  /** @param {Told} told */
  *#heading({ title, claim, changed }) {
    yield make("h1", "zz-title", title);
    yield folding(make("p", "zz-claim", claim));
    if (!changed) return;
    const line = make("p", "zz-changed", changed);
    line.append(" ", make("button", "zz-undo", tr("Undo changes")));
    yield line;
  }
}

/** @param {string} text */
function noted(text) {
  const node = folding(make("p", "zz-note", text));
  node.setAttribute("role", "note");
  node.classList.add("zz-noted");
  return node;
}

/**
 * A place for a text of which a style may show the first lines, with the button for the rest.
 * @param {HTMLElement} text
 */
function folding(text) {
  const node = make("div", "zz-fold");
  const button = make("button", "zz-unfold", tr("more"));
  button.setAttribute("type", "button");
  button.setAttribute("aria-expanded", "false");
  node.append(text, button);
  return node;
}

/**
 * @param {string} kind Of the cells.
 * @param {string[]} texts
 */
function row(kind, texts) {
  const line = make("tr");
  line.append(...texts.map((text) => make(kind, "", text)));
  return line;
}

/**
 * @param {string} tag
 * @param {string} [name] Its class.
 * @param {string} [text]
 */
function make(tag, name = "", text = "") {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.textContent = text;
  return node;
}
