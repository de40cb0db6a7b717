// What was revealed, drawn: the runs in one picture, and how many chose what. Plotly draws what Python made.

import { until } from "./cuts.js";
import { node } from "./nodes.js";
import * as plot from "./plot.js";
import { loaded, whileNeeded } from "./plotted.js";

/** @import { ClassPage, Found } from "./class.js" */

const SECONDS = 5; // in which all runs are played
const LEAST = 240; // pixels of the height of runs
const BARS = 230; // pixels of the histogram's, where it stands below
const PRESENTED = 1.3; // letters on a wall

export class Revealed {
  #runs = node("div", "zz-class-runs");
  #bars = node("div", "zz-class-histogram");
  #head = node("div", "zz-class-head");
  #below = node("div", "zz-class-below", [this.#head, this.#bars]);
  /** @type {Found | null} */
  #found = null;
  #width = 0;
  #step = 0; // of the updates that are shown
  #frame = 0;
  #watcher = new ResizeObserver(() => this.draw());

  /** @param {ClassPage} data */
  constructor(data) {
    this.plotly = data.plotly;
    this.letters = data.presenting ? PRESENTED : 1;
  }

  /**
   * What shows it, to be put into the page before it is drawn.
   * @param {Found} found
   */
  show(found) {
    const parts = found.histogram ? [this.#runs, this.#below] : [this.#runs];
    if (found === this.#found) return parts;
    this.#found = found;
    this.#width = 0;
    cancelAnimationFrame(this.#frame);
    this.#step = found.updates;
    this.#runs.setAttribute("role", "img");
    this.#runs.setAttribute("aria-label", [found.label, ...found.measured].join(" "));
    if (found.histogram) {
      const [title, what] = found.histogram.head;
      this.#head.replaceChildren(node("b", "", title), node("span", "", what));
      this.#bars.setAttribute("role", "img");
      this.#bars.setAttribute("aria-label", found.kinds.map(([, text]) => text).join(", "));
    }
    return parts;
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#watcher.disconnect();
    this.#found = null;
    for (const each of [this.#runs, this.#bars]) plot.erase(each);
  }

  /** Play all runs from the start. */
  play() {
    cancelAnimationFrame(this.#frame);
    const began = performance.now();
    const { updates } = /** @type {Found} */ (this.#found);
    /** @param {number} now */
    const next = (now) => {
      const step = Math.min(Math.floor((updates * (now - began)) / 1000 / SECONDS), updates);
      if (step !== this.#step) {
        this.#step = step;
        this.#drawRuns();
      }
      if (step < updates) this.#frame = requestAnimationFrame(next);
    };
    this.#step = -1;
    this.#frame = requestAnimationFrame(next);
  }

  /** Draw what is shown as wide as the page has room, now and when that changes. */
  draw() {
    return whileNeeded(this.#runs, () => this.#draw());
  }

  async #draw() {
    await loaded(this.plotly);
    const width = this.#runs.clientWidth;
    if (!this.#found || !width || width === this.#width) return;
    this.#width = width;
    this.#watcher.observe(this.#runs);
    await this.#drawRuns();
    await this.#drawBars();
  }

  #drawRuns() {
    if (!this.#found) return;
    const { runs, updates, ratio } = this.#found;
    const height = Math.max(LEAST, Math.round(this.#width / ratio));
    const data = this.#step < updates ? runs.data.map(until(this.#step, runs.data)) : runs.data;
    const ended = this.#step >= updates;
    const layout = this.#sized(this.#runs, runs.layout, height);
    // What is said of the ends waits for them.
    if (!ended)
      layout.annotations = layout.annotations.filter(
        (/** @type {any} */ { name }) => name !== "end",
      );
    this.#runs.dataset.step = String(Math.max(0, this.#step));
    return plot.draw(this.#runs, data.map(copied), layout, { staticPlot: true });
  }

  #drawBars() {
    if (!this.#found?.histogram) return;
    const { histogram } = this.#found;
    const { data, layout } = histogram;
    // Beside the runs, if there is room, it is as high as they are with its head.
    const beside = this.#below.offsetLeft > this.#runs.offsetLeft;
    const room = this.#runs.offsetHeight - (this.#bars.offsetTop - this.#below.offsetTop);
    const height = beside ? Math.max(BARS, room) : BARS * this.letters;
    const size = this.#sized(this.#bars, layout, Math.round(height));
    return plot.draw(this.#bars, data.map(copied), size, { staticPlot: true });
  }

  /**
   * A layout as high as that and as wide as its element, with the letters of the page. Plotly writes
   * into what it is given.
   * @param {HTMLElement} at
   * @param {import("./types.js").Layout} layout
   * @param {number} height
   */
  #sized(at, layout, height) {
    /** @type {any} */
    const made = structuredClone(layout);
    made.font = { ...made.font, family: getComputedStyle(at).fontFamily };
    const words = made.annotations ?? [];
    for (const font of [made.font, ...words.map(fontOf)]) {
      if (font?.size) font.size *= this.letters;
    }
    for (const each of words) each.yshift = (each.yshift ?? 0) * this.letters;
    const margin = Object.entries(made.margin ?? {}).map(([side, wide]) => [
      side,
      wide * this.letters,
    ]);
    return { ...made, margin: Object.fromEntries(margin), width: at.clientWidth, height };
  }
}

/** @param {any} note */
const fontOf = (note) => note.font;

/** @param {any} trace */
const copied = (trace) => ({ ...trace });
