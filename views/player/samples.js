// The samples of a surface made by data, beside it: what is fitted to them at the clock, and the
// batch of the update that comes next, with how far the fit is from it.

import { onDrag } from "./click.js";
import { done } from "./clock.js";
import { boundaryOf, curveOf, errorOf, FITS, ofRun, written } from "./fits.js";
import { number } from "./numbers.js";
import { batchOf } from "./orders.js";
import { lossOf } from "./reading.js";
import { say } from "./renew.js";
import { filled, tr } from "./texts.js";

/** @import { Numbers, Point, Samples, Scene } from "./types.js" */

const DIGITS = 2; // of the weights
export const CLOUDED = 2; // runs, of which a panel has room for the clouds of batches
const PAST = 24; // fits that were, of a single run
const MOST_MARKED = 1000; // samples of a batch
const REACH = 16; // pixels around a sample within which it can be held
const SIZES = [8, 12, 17]; // pixels of a marked sample between classes: the larger, the more wrong
const HTML = `
<p class="zz-samples-title"><b></b> <span></span> <i></i></p><svg role="img"></svg><ul class="zz-samples-key"></ul>`;

/**
 * One run as far as it is drawn.
 * @typedef {{ x: Numbers, y: Numbers, pace: number, colour: string }} Path
 */

export class SamplesPanel {
  body = document.createElement("section");
  #title;
  #runs = document.createElement("span");
  #svg;
  #key;
  #scene = /** @type {Scene | null} */ (null);
  /** @type {Path[]} */
  #paths = [];
  #run = 0; // whose batch is shown:
  #chosen = false; // one that the reader has chosen, the first with batches, or the one that ends lowest
  #clock = 0;
  #factor = 1;
  #drawn = ""; // what of the picture stays while the clock moves
  /** @type {(values: Point) => Point} */
  #pixel = (point) => point;
  #again;
  #held = -1; // the sample that is dragged

  /**
   * @param {() => void} again Is called when more can be shown than at the last look at the clock.
   * @param {() => boolean} listening Tells whether anybody hears of a sample that is moved.
   * @param {(sample: [row: number, across: number, up: number]) => void} moved
   * @param {AbortSignal} signal Ends the dragging.
   */
  constructor(again, listening, moved, signal) {
    this.#again = again;
    this.body.className = "zz-samples";
    this.body.hidden = true;
    this.body.innerHTML = HTML;
    const [title, svg, key] = [...this.body.children];
    this.#title = /** @type {HTMLElement} */ (title);
    this.#svg = /** @type {SVGSVGElement} */ (svg);
    this.#key = /** @type {HTMLElement} */ (key);
    const hold = (/** @type {number} */ left, /** @type {number} */ top) => {
      this.#held = listening() ? this.#sampleAt(left, top) : -1;
      return this.#held >= 0;
    };
    const move = (/** @type {number} */ left, /** @type {number} */ top) =>
      this.#svg.querySelector(".zz-held")?.setAttribute("d", spot([left, top]));
    const drop = (/** @type {number} */ left, /** @type {number} */ top) =>
      moved([this.#held, ...this.#valuesAt(left, top)]);
    onDrag(/** @type {any} */ (this.#svg), hold, move, drop, signal);
    this.#runs.className = "zz-samples-runs";
    this.#runs.setAttribute("role", "group");
  }

  /** Make no picture of a scene that has no samples. */
  hide() {
    this.body.hidden = true;
    this.#scene = null;
  }

  /**
   * @param {Scene} scene
   * @param {number} height Of all of it.
   * @param {number} factor By which the arrows of gradients are longer than rate x gradient.
   */
  draw(scene, height, factor) {
    this.#factor = factor;
    const { batches } = scene;
    if (!scene.samples.length || !batches) return this.hide();
    this.#scene = scene;
    this.#paths = scene.front.data
      .filter(({ name }) => name.startsWith("path-"))
      .map(({ x, y, line }, i) => ({ x, y, pace: scene.pace[i], colour: line?.color ?? "" }));
    const first = batches.runs.findIndex(({ size }) => size < batches.samples);
    const last = this.#paths.length - 1;
    this.#run = this.#chosen ? Math.min(this.#run, last) : first < 0 ? this.#lowest() : first;
    this.#writeRuns();
    this.#writeKey();
    this.body.hidden = false;
    this.body.style.height = `${height}px`;
    this.#redraw();
  }

  /** The run that ends lowest, the first of some. */
  #lowest() {
    const { readings } = /** @type {Scene} */ (this.#scene);
    const ends = this.#paths.map(({ x }, i) => lossOf(readings, i, x.length - 1));
    return Math.max(0, ends.indexOf(Math.min(...ends)));
  }

  /** The samples that are shown: those of all runs, or of the run whose batch is. */
  get #samples() {
    return /** @type {Samples} */ (ofRun(/** @type {Scene} */ (this.#scene).samples, this.#run));
  }

  /** Draw what stays while the clock moves, if it is not drawn. */
  #redraw() {
    const { ground, samples } = /** @type {Scene} */ (this.#scene);
    const [wide, high] = [this.#svg.clientWidth, this.#svg.clientHeight];
    const which = samples.length > 1 ? this.#run : 0;
    const drawn = [ground, wide, high, this.#paths.length, which].join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#draw(this.#samples, wide, high);
  }

  /** Which run's batch is shown, where there are several. */
  #writeRuns() {
    const { keys, labels } = /** @type {Scene} */ (this.#scene);
    const buttons = (labels.length > 1 ? labels : []).map((label, i) => {
      const button = document.createElement("button");
      button.type = "button";
      [button.textContent, button.style.color] = keys[i];
      button.title = filled(tr("Batch of {run}"), { run: label });
      button.setAttribute("aria-label", button.title);
      button.setAttribute("aria-pressed", String(i === this.#run));
      button.addEventListener("click", () => {
        this.#run = i;
        this.#chosen = true;
        this.#writeRuns();
        this.#writeKey();
        this.#redraw();
        this.#again();
      });
      return button;
    });
    const focused = [...this.#runs.children].indexOf(
      /** @type {Element} */ (this.#runs.querySelector(":focus-visible")),
    );
    this.#runs.replaceChildren(...buttons);
    buttons[focused]?.focus();
    this.#runs.setAttribute("aria-label", tr("Whose batch is shown"));
  }

  /** What the marks mean. */
  #writeKey() {
    const { batches } = /** @type {Scene} */ (this.#scene);
    if (!batches) return;
    const samples = this.#samples;
    const { size, colour } = batches.runs[this.#run];
    const { ink, muted } = samples.colours;
    const counts = { size, samples: batches.samples };
    const several = this.#paths.length > 1;
    /** @type {[mark: string, text: string][]} */
    const lines = [];
    if (several || size < batches.samples) {
      const told = size < batches.samples ? tr("batch of {size}") : tr("batch of all {samples}");
      const worse = samples.kind === "classes" ? tr(", larger where more wrong") : "";
      lines.push([several ? "" : dot(colour), filled(told, counts) + worse]);
    }
    if (batches.arrows && size < batches.samples) {
      const length = this.#factor === 1 ? "" : ` × ${this.#factor}`;
      lines.push([pointer(colour), filled(tr("− rate × gradient{factor}"), { factor: length })]);
      lines.push([pointer(ink), filled(tr("of all {samples}"), counts)]);
      if (this.#paths.length <= CLOUDED) {
        lines.push([oval(colour), tr("9 of 10 batches")]);
        lines.push([ball(ink), tr("round noise")]);
      }
    }
    if (samples.kind === "classes") {
      lines.push([dot(muted) + ring(muted), tr("labels 1 and 0")]);
    } else if (samples.kind === "predictions") {
      lines.push([dash(ink), tr("fit = label")]);
    }
    if (samples.best && samples.kind !== "predictions") lines.push([dash(ink), tr("best fit")]);
    if (samples.drawn < batches.samples) {
      const told = tr("{drawn} of {samples} samples are drawn");
      lines.push(["", filled(told, { ...counts, drawn: samples.drawn })]);
    }
    this.#key.replaceChildren(
      ...lines.map(([mark, text]) => {
        const line = document.createElement("li");
        line.innerHTML = mark;
        line.append(text);
        return line;
      }),
    );
    if (several) this.#key.firstElementChild?.prepend(this.#runs);
  }

  /**
   * Draw all that stays while the clock moves, and places for the rest.
   * @param {Samples} samples
   * @param {number} wide
   * @param {number} high
   */
  #draw(samples, wide, high) {
    const { sides, ticks, axes, colours, kind, labels, drawn } = samples;
    const [[x0, x1], [y0, y1]] = sides;
    this.#pixel = ([u, v]) => [
      limited(((u - x0) / (x1 - x0)) * wide),
      limited(high - ((v - y0) / (y1 - y0)) * high),
    ];
    const lines = [];
    const texts = [];
    for (const [value, text] of ticks[1]) {
      const [, y] = this.#pixel([x0, value]);
      lines.push(`<path d="M0,${y}H${wide}" stroke="${colours.line}"/>`);
      if (y > 34 && y < high - 20) texts.push(`<text x="8" y="${y - 4}">${text}</text>`);
    }
    for (const [value, text] of ticks[0]) {
      const [x] = this.#pixel([value, y0]);
      if (x < 30 || x > wide - 20) continue;
      lines.push(`<path d="M${x},${high}v-5" stroke="${colours.muted}"/>`);
      texts.push(`<text x="${x}" y="${high - 8}" text-anchor="middle">${text}</text>`);
    }
    const names = [
      `<text x="8" y="16" class="zz-axis-name"></text>`,
      `<text x="${wide - 8}" y="${high - 24}" text-anchor="end" class="zz-axis-name"></text>`,
    ];
    const dots = (
      /** @type {string} */ name,
      /** @type {string} */ colour,
      /** @type {number} */ width,
    ) =>
      `<path class="${name}" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"/>`;
    const fits = this.#paths.map(
      ({ colour }) =>
        `<path class="zz-past" stroke="${colour}"/><path class="zz-fit-case" stroke="${colours.page}"/><path class="zz-fit" stroke="${colour}"/>`,
    );
    this.#svg.innerHTML = [
      ...(samples.movable ? ["<title></title>"] : []),
      ...lines,
      dots("zz-dots", colours.muted, 8),
      dots("zz-dots", colours.sample, 6),
      dots("zz-dots zz-hollow", colours.muted, 8),
      dots("zz-dots zz-hollow", colours.page, 5),
      `<path class="zz-best" stroke="${colours.ink}"/>`,
      dots("zz-held", colours.ink, 12),
      ...fits,
      `<path class="zz-residuals"/>`,
      ...SIZES.map(
        (size) => dots("zz-marked", colours.page, size + 3) + dots("zz-marked", "", size),
      ),
      ...texts, // over all: a line through a name or a number strikes it out
      ...names,
    ].join("");
    this.#svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    this.#svg.classList.toggle("zz-movable", samples.movable);
    const title = this.#svg.querySelector("title");
    if (title) title.textContent = tr("Drag a sample to change the data");
    const named = this.#svg.querySelectorAll(".zz-axis-name");
    [named[1].textContent, named[0].textContent] = axes;
    const shown = Array.from({ length: drawn }, (_, i) => Math.floor((i * labels.length) / drawn));
    this.#shown = shown;
    if (kind !== "predictions") this.#scatter(samples, 0, 0);
    const best = samples.best;
    if (kind === "predictions")
      this.#line(".zz-best", [
        [Math.min(x0, y0), Math.min(x0, y0)],
        [Math.max(x1, y1), Math.max(x1, y1)],
      ]);
    else if (best) this.#line(".zz-best", this.#fitted(samples, best[0], best[1]));
  }

  /** @type {number[]} The samples that are drawn. */
  #shown = [];

  /**
   * The sample of which a pointer at a pixel takes hold, or -1.
   * @param {number} left
   * @param {number} top
   */
  #sampleAt(left, top) {
    if (!this.#scene || !this.#samples.movable) return -1;
    let [nearest, least] = [-1, REACH];
    for (const row of this.#shown) {
      const [x, y] = this.#pixel(placeOf(this.#samples, row, 0, 0));
      const away = Math.hypot(x - left, y - top);
      if (away < least) [nearest, least] = [row, away];
    }
    return nearest;
  }

  /**
   * The values at a pixel of the panel.
   * @param {number} left
   * @param {number} top
   * @returns {Point}
   */
  #valuesAt(left, top) {
    const [[x0, x1], [y0, y1]] = this.#samples.sides;
    const [wide, high] = [this.#svg.clientWidth, this.#svg.clientHeight];
    return [x0 + (left / wide) * (x1 - x0), y1 - (top / high) * (y1 - y0)];
  }

  /**
   * Put the samples where they lie at some weights.
   * @param {Samples} samples
   * @param {number} x
   * @param {number} y
   */
  #scatter(samples, x, y) {
    /** @type {[string[], string[]]} */
    const parts = [[], []];
    for (const row of this.#shown) {
      const hollow = samples.kind === "classes" && samples.labels[row] < 0.5;
      parts[Number(hollow)].push(spot(this.#pixel(placeOf(samples, row, x, y))));
    }
    const nodes = this.#svg.querySelectorAll(".zz-dots");
    for (const [i, node] of nodes.entries()) node.setAttribute("d", parts[i >> 1].join(""));
  }

  /**
   * The points of what is fitted, as a line.
   * @param {Samples} samples
   * @param {number} x
   * @param {number} y
   */
  #fitted({ kind, fit, sides }, x, y) {
    return kind === "curve" ? curveOf(fit, x, y, sides[0]) : boundaryOf(x, y, sides);
  }

  /**
   * @param {string} selector
   * @param {Point[]} points
   * @param {number} at
   */
  #line(selector, points, at = 0) {
    this.#svg.querySelectorAll(selector)[at]?.setAttribute("d", this.#path(points));
  }

  /** @param {Point[]} points */
  #path(points) {
    return points.length ? `M${points.map(this.#pixel).join("L")}` : "";
  }

  /**
   * Show what is fitted after so many ticks, and the batch of the update that comes next; at the
   * end, the last one.
   * @param {number} clock
   */
  reveal(clock) {
    this.#clock = clock;
    const scene = this.#scene;
    if (!scene?.batches) return;
    const samples = this.#samples;
    const past = this.#paths.length === 1 && samples.kind === "curve";
    for (const [i, { x, y, pace }] of this.#paths.entries()) {
      const at = done(clock, pace, x.length - 1);
      if (samples.kind === "predictions") break;
      if (scene.samples.length > 1 && i !== this.#run) {
        this.#line(".zz-fit", [], i);
        this.#line(".zz-fit-case", [], i);
        continue;
      }
      const line = this.#fitted(samples, x[at], y[at]);
      this.#line(".zz-fit", line, i);
      this.#line(".zz-fit-case", line, i);
      if (!past) continue;
      const step = Math.max(1, Math.ceil(at / PAST));
      const fits = [];
      for (let k = at - 1; k >= 0; k -= step) {
        fits.push(this.#path(this.#fitted(samples, x[k], y[k])));
      }
      this.#svg.querySelectorAll(".zz-past")[i].setAttribute("d", fits.join(""));
    }
    this.#mark(scene, samples);
  }

  /**
   * @param {Scene} scene
   * @param {Samples} samples
   */
  #mark(scene, samples) {
    const { x, y, pace } = this.#paths[this.#run];
    const at = done(this.#clock, pace, x.length - 1);
    const [u, v] = [x[at], y[at]];
    if (samples.kind === "predictions") this.#scatter(samples, u, v);
    const batches = /** @type {NonNullable<typeof scene.batches>} */ (scene.batches);
    const k = Math.min(at, Math.max(0, x.length - 2));
    const rows = batchOf(batches, this.#run, k, this.#again);
    const { colour, size } = batches.runs[this.#run];
    /** @type {string[][]} */
    const marked = SIZES.map(() => []);
    const residuals = [];
    for (const row of rows ? Array.from(rows).slice(0, MOST_MARKED) : []) {
      const place = placeOf(samples, row, u, v);
      const off = errorOf(fitAt(samples, row, u, v), samples.labels[row], samples.classes);
      const wrong = samples.classes ? Math.min(2, Math.floor(3 * Math.abs(off))) : 0;
      marked[wrong].push(spot(this.#pixel(place)));
      if (samples.kind === "classes") continue;
      const to = samples.kind === "curve" ? place[1] + off : samples.labels[row];
      residuals.push(this.#path([place, [place[0], to]]));
    }
    for (const [i, node] of this.#svg.querySelectorAll(".zz-marked").entries()) {
      node.setAttribute("d", marked[i >> 1].join(""));
      if (i % 2) node.setAttribute("stroke", colour);
    }
    const lines = this.#svg.querySelector(".zz-residuals");
    lines?.setAttribute("d", residuals.join(""));
    lines?.setAttribute("stroke", colour);
    this.body.dataset.batch = rows ? Array.from(rows).join(" ") : rows === null ? "all" : "";
    const text = (/** @type {number} */ value) => number(value, DIGITS, scene.marks);
    const told = samples.kind === "classes" ? tr("boundary 0 = {fit}") : tr("fit {fit}");
    const fit = filled(told, { fit: written(samples.fit, text, u, v) });
    const batch = size < batches.samples ? filled(tr("batch {count}"), { count: k + 1 }) : "";
    const title = [tr("Data and fit"), fit, batch];
    if (title.join() === this.#written) return;
    this.#written = title.join();
    for (const [i, node] of [...this.#title.children].entries()) say(node, title[i]);
    this.#title.style.setProperty("--batch", colour);
    this.#svg.setAttribute("aria-label", title.filter(Boolean).join(", "));
  }

  #written = "";
}

/**
 * @param {Samples} samples
 * @param {number} row
 * @param {number} x
 * @param {number} y
 */
function fitAt({ fit, features }, row, x, y) {
  const [first, second = first] = features;
  return FITS[fit](x, y, first[row], second[row])[0];
}

/**
 * Where a sample lies at some weights, in the coordinates of the panel.
 * @param {Samples} samples
 * @param {number} row
 * @param {number} x
 * @param {number} y
 * @returns {Point}
 */
function placeOf(samples, row, x, y) {
  const { kind, features, labels } = samples;
  if (kind === "curve") return [features[0][row], labels[row]];
  if (kind === "classes") return [features[0][row], features[1][row]];
  return [labels[row], fitAt(samples, row, x, y)];
}

/** @param {Point} at A dot is a line of no length with round ends. */
const spot = ([x, y]) => `M${x},${y}h0`;

/** @param {number} pixel Further out, SVG draws no line at all. */
const limited = (pixel) => Math.round(10 * Math.max(-1e6, Math.min(1e6, pixel))) / 10;

/** @param {string} colour */
const dot = (colour) =>
  `<svg width="12" height="12"><circle cx="6" cy="6" r="4.5" fill="${colour}"/></svg>`;

/** @param {string} colour */
const ring = (colour) =>
  `<svg width="12" height="12"><circle cx="6" cy="6" r="3.5" fill="none" stroke="${colour}" stroke-width="2"/></svg>`;

/** @param {string} colour */
const pointer = (colour) =>
  `<svg width="22" height="12"><path d="M1,6H14" stroke="${colour}" stroke-width="2.8"/><path d="M13,1L21,6L13,11Z" fill="${colour}"/></svg>`;

/** @param {string} colour */
const oval = (colour) =>
  `<svg width="22" height="12"><ellipse class="zz-cloud" cx="11" cy="6" rx="10" ry="5" stroke="${colour}" fill="${colour}"/></svg>`;

/** @param {string} colour */
const ball = (colour) =>
  `<svg width="12" height="12"><circle class="zz-ball" cx="6" cy="6" r="5" stroke="${colour}" fill="${colour}"/></svg>`;

/** @param {string} colour */
const dash = (colour) =>
  `<svg width="22" height="12"><path d="M1,6H21" stroke="${colour}" stroke-width="2" stroke-dasharray="3 3"/></svg>`;
