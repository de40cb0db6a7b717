// The runs of a whole class in one panel, and how many chose which rate: Plotly draws what Python made.

import { until } from "./cuts.js";
import * as plot from "./plot.js";
import { tr } from "./texts.js";

/** @import { Choice, ClassPage } from "./class.js" */

const SECONDS = 5; // in which all runs are played
const WIDE = 2.4; // the width of the panel over its height
const LEAST = 240; // pixels of its height
const BARS = 230; // pixels of the histogram's

export class Choices {
  #runs = div("zz-class-runs");
  #bars = div("zz-class-histogram");
  #head = div("zz-class-head");
  /** @type {Choice | null} */
  #choice = null;
  #width = 0;
  #step = 0; // of the updates that are shown
  #frame = 0;
  #watcher = new ResizeObserver(() => this.#draw());

  /**
   * Show it in an element.
   * @param {HTMLElement} at
   * @param {Choice} choice
   * @param {ClassPage} data
   */
  async show(at, choice, data) {
    if (choice === this.#choice && this.#runs.parentElement === at) return;
    this.#choice = choice;
    this.#width = 0;
    cancelAnimationFrame(this.#frame);
    this.#step = choice.updates;
    const [title, what] = [document.createElement("b"), document.createElement("span")];
    title.textContent = tr("Answers");
    what.textContent = tr("number of students at each rate");
    this.#head.replaceChildren(title, what);
    this.#runs.setAttribute("role", "img");
    this.#runs.setAttribute("aria-label", [choice.label, ...choice.measured].join(" "));
    this.#bars.setAttribute("role", "img");
    this.#bars.setAttribute("aria-label", choice.kinds.map(([, text]) => text).join(", "));
    at.replaceChildren(this.#runs, this.#head, this.#bars);
    await loaded(data.plotly);
    if (choice !== this.#choice) return;
    this.#watcher.observe(at);
    await this.#draw();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#watcher.disconnect();
    this.#choice = null;
    for (const each of [this.#runs, this.#bars]) {
      plot.erase(each);
      each.remove();
    }
    this.#head.remove();
  }

  /** Play all runs from the start. */
  play() {
    cancelAnimationFrame(this.#frame);
    const began = performance.now();
    const { updates } = /** @type {Choice} */ (this.#choice);
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

  async #draw() {
    const width = this.#runs.clientWidth;
    if (!this.#choice || !width || width === this.#width) return;
    this.#width = width;
    await Promise.all([this.#drawRuns(), this.#drawBars()]);
  }

  #drawRuns() {
    if (!this.#choice) return;
    const { runs, updates } = this.#choice;
    const height = Math.max(LEAST, Math.round(this.#width / WIDE));
    const data = this.#step < updates ? runs.data.map(until(this.#step, runs.data)) : runs.data;
    const ended = this.#step >= updates;
    const layout = sized(this.#runs, runs.layout, height);
    // What is said of the ends waits for them.
    if (!ended) layout.annotations = layout.annotations.slice(0, 1);
    this.#runs.dataset.step = String(Math.max(0, this.#step));
    return plot.draw(this.#runs, data.map(copied), layout, { staticPlot: true });
  }

  #drawBars() {
    if (!this.#choice) return;
    const { data, layout } = this.#choice.histogram;
    const size = sized(this.#bars, layout, BARS);
    return plot.draw(this.#bars, data.map(copied), size, { staticPlot: true });
  }
}

/**
 * A layout as high as that and as wide as its element, with the letters of the page. Plotly writes
 * into what it is given.
 * @param {HTMLElement} at
 * @param {import("./types.js").Layout} layout
 * @param {number} height
 */
function sized(at, layout, height) {
  const font = { ...layout.font, family: getComputedStyle(at).fontFamily };
  return { ...structuredClone(layout), font, width: at.clientWidth, height };
}

/** @param {any} trace */
const copied = (trace) => ({ ...trace });

/** @type {Promise<unknown> | null} */
let loading = null;

/** Fetch Plotly, which leaves a global. @param {string} address */
function loaded(address) {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    const src = new URL(address, document.baseURI).href;
    Object.assign(script, { src, onload: done, onerror: failed });
    document.head.append(script);
  });
  return loading;
}

/** @param {string} name */
function div(name) {
  const made = document.createElement("div");
  made.className = name;
  return made;
}
