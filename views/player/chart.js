// A chart that stands by itself: Plotly draws the figure that Python made, a click tells where.

import { onClick } from "./click.js";
import { unpack } from "./decode.js";
import { arranged, arrangementFor, chartSize } from "./layout.js";
import { mounting } from "./mount.js";
import * as plot from "./plot.js";

/** @import { ChartFigure, Tell } from "./types.js" */

let made = 0; // charts so far

class Chart {
  body = document.createElement("div");
  #legend = document.createElement("div");
  #words = document.createElement("p");
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
    // They stand below the chart too, where its description cannot point to.
    this.#words.hidden = true;
    this.#words.id = `zz-words-${++made}`;
    this.body.setAttribute("role", "img");
    this.body.setAttribute("aria-describedby", this.#words.id);
    root.append(this.#legend, this.body, this.#words);
    onClick(this.body, (left, top) => this.#pick(left, top), this.#stopped.signal);
    this.#watcher.observe(root);
  }

  close() {
    this.#stopped.abort();
    this.#watcher.disconnect();
    plot.erase(this.body);
    for (const node of [this.body, this.#legend, this.#words]) node.remove();
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
    const { data, layout, label, legend, words, arrangements } = this.#figure;
    this.#words.textContent = words;
    this.body.setAttribute("aria-label", label);
    this.#legend.replaceChildren(
      ...legend.map(([text, colour, sign, darkest]) => entry(text, colour, sign, darkest)),
    );
    // Plotly writes into what it is given, and the next size starts from the same figure.
    const traces = data.map((trace) => ({ ...trace }));
    const { fontFamily } = getComputedStyle(this.body);
    const way = arrangements.length ? arrangementFor(arrangements, width) : null;
    const { aspect, tallest } = way ?? this.#figure;
    const room = innerHeight - fromTop(this.body);
    const size = chartSize(aspect, tallest, layout.margin, width, room);
    const figure = { layout: structuredClone(layout) };
    await plot.draw(this.body, traces, arranged(figure, way ?? { layout: {} }, size, fontFamily));
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
 * How far below the top of the unscrolled page an element stands, in pixels.
 * @param {HTMLElement} node
 */
function fromTop(node) {
  let { top } = node.getBoundingClientRect();
  for (let up = node.parentElement; up; up = up.parentElement) top += up.scrollTop;
  return top;
}

/** The marks of a legend, about (11, 7), as Plotly draws the symbols of these names. */
const OUTLINES = new Map([
  ["circle", "M5 7a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z"],
  ["diamond", "M11 0L18 7L11 14L4 7Z"],
  ["triangle-up", "M11 0L18 12H4Z"],
  ["triangle-down", "M11 14L18 2H4Z"],
  ["triangle-left", "M4 7L16 0V14Z"],
  ["square", "M5 1H17V13H5Z"],
  ["star", "M11 0L12.6 5.1H18L13.6 8.2L15.3 13.4L11 10.2L6.7 13.4L8.4 8.2L4 5.1H9.4Z"],
  ["area", "M1 1H21V13H1Z"],
  ["line", "M0 7H22"],
  ["dash", "M0 7H6M8 7H14M16 7H22"],
  ["dot", "M1 7H4M7 7H10M13 7H16M19 7H22"],
]);

/**
 * An entry of the legend, as text of the page: Plotly's own has no room on a phone.
 * @param {string} text
 * @param {string} colour
 * @param {string} sign What is drawn beside it: the mark that the chart has.
 * @param {string} darkest Of an area's shades, or empty.
 */
function entry(text, colour, sign, darkest) {
  const node = document.createElement("span");
  const name = sign.replace("-open", "");
  const lines = ["line", "dash", "dot"].includes(name);
  const hollow = lines || name !== sign;
  const ink = name === "area" ? "currentColor" : colour;
  const path = `<path d="${OUTLINES.get(name)}" fill="${hollow ? "none" : colour}" stroke="${ink}"
    stroke-width="${lines ? 3 : name === "area" ? 0.5 : hollow ? 2 : 0}"/>`;
  const half = darkest ? `<path d="M11 1H21V13H11Z" fill="${darkest}"/>` : "";
  node.innerHTML = `<svg width="22" height="14" aria-hidden="true">${path}${half}</svg>`;
  node.append(text);
  return node;
}

/** @type {(bytes: Uint8Array<ArrayBuffer>) => Promise<ChartFigure>} */
const read = unpack;

export const { show, close } = mounting((root) => new Chart(root), read);
