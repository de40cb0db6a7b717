// A chart that stands by itself: Plotly draws the figure that Python made, a click tells where.

import { onClick } from "./click.js";
import { unpack } from "./decode.js";
import { chartSize } from "./layout.js";
import { mounting } from "./mount.js";
import * as plot from "./plot.js";

/** @import { ChartFigure, Tell } from "./types.js" */

class Chart {
  body = document.createElement("div");
  #legend = document.createElement("div");
  #stopped = new AbortController();
  #watcher = new ResizeObserver(() => this.#draw());
  /** @type {ChartFigure | null} */
  #figure = null;
  /** @type {Tell | null} */
  #tell = null;
  #width = 0; // that was drawn for
  #drawn = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.body.className = "zz-chart";
    this.#legend.className = "zz-legend";
    root.append(this.#legend, this.body);
    onClick(this.body, (left, top) => this.#pick(left, top), this.#stopped.signal);
    this.#watcher.observe(root);
  }

  close() {
    this.#stopped.abort();
    this.#watcher.disconnect();
    plot.erase(this.body);
    this.body.remove();
    this.#legend.remove();
  }

  /**
   * @param {ChartFigure} figure
   * @param {Tell | null} tell
   */
  async show(figure, tell) {
    this.#tell = tell;
    this.#figure = figure;
    this.#width = 0;
    await this.#draw();
  }

  async #draw() {
    const width = this.root.clientWidth;
    if (!this.#figure || !width || width === this.#width) return;
    this.#width = width;
    const { data, layout, aspect, tallest, label, legend } = this.#figure;
    this.body.setAttribute("role", "img");
    this.body.setAttribute("aria-label", label);
    this.#legend.replaceChildren(...legend.map(([text, colour]) => entry(text, colour)));
    // Plotly writes into what it is given, and the next size starts from the same figure.
    const traces = data.map((trace) => ({ ...trace }));
    const font = { ...layout.font, family: getComputedStyle(this.body).fontFamily };
    const size = chartSize(aspect, tallest, layout.margin, width);
    await plot.draw(this.body, traces, { ...structuredClone(layout), ...size, font });
    this.#drawn = true;
  }

  /**
   * Report a click: of a logarithmic axis the exponent.
   * @param {number} left
   * @param {number} top
   */
  #pick(left, top) {
    if (!this.#drawn) return;
    const [x, y] = [plot.axis(this.body, "x"), plot.axis(this.body, "y")];
    const point = plot.valueAt(x, y, left, top);
    if (point) this.#tell?.("point", point);
  }
}

/**
 * An entry of the legend, as text of the page: Plotly's own has no room on a phone.
 * @param {string} text
 * @param {string} colour
 */
function entry(text, colour) {
  const node = document.createElement("span");
  const mark = document.createElement("i");
  mark.style.background = colour;
  node.append(mark, text);
  return node;
}

/** @type {(bytes: Uint8Array<ArrayBuffer>) => Promise<ChartFigure>} */
const read = unpack;

export const { show, close } = mounting((root) => new Chart(root), read);
