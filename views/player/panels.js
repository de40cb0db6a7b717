// The flat view: panels that lie side by side, or one for all runs. Plotly draws contours and whole
// paths; while the player plays, only the travelled length of each path and its head change.

import { clip } from "./clip.js";
import { arranged, arrangementFor, panelsSize } from "./layout.js";
import * as plot from "./plot.js";
import { between } from "./sight.js";
import { title } from "./titles.js";

/** @import { Annotation, Arrangement, Axis, Numbers, Range, Scene, Size, View } from "./types.js" */

/**
 * One run's path as drawn: its points, their axes, the pixels travelled to each, and its nodes.
 * @typedef {object} Run
 * @property {Numbers} x
 * @property {Numbers} y
 * @property {Axis} px
 * @property {Axis} py
 * @property {number} pace Updates in a tick.
 * @property {Float64Array} travelled
 * @property {SVGElement[]} lines
 * @property {SVGElement | undefined} head
 */

/** @implements {View} */
export class Panels {
  /** @type {Run[]} */
  #runs = [];
  #back;
  #front;
  #notes;
  #ground = "";
  #scene = /** @type {Scene | null} */ (null);
  #arrangement = /** @type {Arrangement | null} */ (null);
  #size = /** @type {Size} */ ({ width: 0, height: 0 });
  #family = "";
  #clock = 0;

  /**
   * @param {HTMLElement} stage With a place for contours, for paths and for titles.
   * @param {(zoomed: boolean) => void} zoomed Hears whether less than the whole frame is shown.
   */
  constructor(stage, zoomed) {
    this.stage = stage;
    this.zoomed = zoomed;
    [this.#back, this.#front, this.#notes] = /** @type {HTMLElement[]} */ ([...stage.children]);
  }

  /** Where a click counts. */
  get place() {
    return this.#back;
  }

  /**
   * Draw a scene. The contours stay as they are while only the paths change.
   * @param {Scene} scene
   * @param {number} width
   * @param {number} room
   * @param {string} family
   */
  async draw(scene, width, room, family) {
    this.stage.hidden = false;
    const arrangement = arrangementFor(scene.arrangements, width);
    const ground = [scene.ground, arrangement.columns, width].join();
    const size = panelsSize(scene, scene.back.layout.margin, arrangement, width, room);
    this.#scene = scene;
    this.#arrangement = arrangement;
    this.#size = size;
    this.#family = family;
    if (ground !== this.#ground) {
      const layout = arranged(scene.back, arrangement, size, family);
      const touch = matchMedia("(pointer: coarse)").matches;
      const extra = { uirevision: scene.frame, ...(touch && { dragmode: false }) };
      await plot.draw(this.#back, scene.back.data, { ...layout, ...extra });
      if (!this.#ground) plot.onChange(this.#back, () => this.#follow());
      this.#ground = ground;
    }
    await this.#drawPaths();
  }

  /** Draw the paths again after a zoom. */
  async #follow() {
    await this.#drawPaths();
    this.reveal(this.#clock);
  }

  /** Draw the paths within the axes' present ranges. */
  async #drawPaths() {
    const [scene, arrangement] = [this.#scene, this.#arrangement];
    if (!scene || !arrangement) return;
    const [xs, ys] = [plot.axis(this.#back, "x").range, plot.axis(this.#back, "y").range];
    const layout = arranged(scene.front, arrangement, this.#size, this.#family);
    for (const key of Object.keys(layout)) {
      if (!/^[xy]axis/.test(key)) continue;
      const axis = /** @type {object} */ (layout[key]);
      layout[key] = { ...axis, range: key[0] === "x" ? xs : ys, visible: false };
    }
    /** @type {Map<Numbers, ReturnType<typeof clip>>} A path and its casing share their numbers. */
    const clipped = new Map();
    const cut = (/** @type {Numbers} */ x, /** @type {Numbers} */ y) => {
      const known = clipped.get(x) ?? clip(x, y, xs, ys);
      clipped.set(x, known);
      return known;
    };
    const data = scene.front.data.map((trace) => {
      const { x, y } = trace.mode === "lines" ? cut(trace.x, trace.y) : trace;
      return { ...trace, x, y, uid: trace.name };
    });
    const { annotations, ...bare } = layout;
    await plot.drawStill(this.#front, data, bare);
    this.#writeTitles(annotations);
    this.#runs = scene.front.data
      .filter((trace) => trace.name.startsWith("path-"))
      .map(({ name, x, y, xaxis = "x", yaxis = "y" }) => {
        const run = name.slice("path-".length);
        const [px, py] = [plot.axis(this.#front, xaxis), plot.axis(this.#front, yaxis)];
        const lines = [`casing-${run}`, name].map((uid) => plot.line(this.#front, uid));
        return {
          x,
          y,
          px,
          py,
          pace: scene.pace[Number(run)],
          travelled: travelled(cut(x, y), px, py),
          lines: lines.filter((node) => node !== null),
          head: plot.markers(this.#front, `head-${run}`)[0],
        };
      });
    const { xaxis, yaxis } = scene.back.layout;
    this.zoomed(!same(xs, xaxis.range) || !same(ys, yaxis.range));
  }

  /** @param {Annotation[]} annotations */
  #writeTitles(annotations) {
    const shown = annotations.filter((note) => note.visible !== false);
    const titles = shown.map((note) => {
      const [x, y] = [note.xref, note.yref].map((name) =>
        plot.axis(this.#front, name.split(" ")[0]),
      );
      return title(note, x.offset + 3, y.offset + 3, x.length - 12);
    });
    this.#notes.replaceChildren(...titles);
  }

  /**
   * Move heads and travelled paths to the clock.
   * @param {number} clock
   */
  reveal(clock) {
    this.#clock = clock;
    for (const { x, y, px, py, pace, travelled, lines, head } of this.#runs) {
      const at = Math.min(clock * pace, x.length - 1);
      const length = between(travelled, at);
      for (const { style } of lines) {
        style.strokeDasharray = `${length} 1e7`;
        style.visibility = length ? "visible" : "hidden";
      }
      if (!head) continue;
      const [left, top] = [px.toPixel(between(x, at)), py.toPixel(between(y, at))];
      plot.set(head, "transform", `translate(${left},${top})`);
    }
  }

  /** Show the whole frame. */
  reset() {
    if (!this.#scene) return;
    const { xaxis, yaxis } = this.#scene.back.layout;
    this.zoom(xaxis.range, yaxis.range);
  }

  /**
   * @param {Range} xs
   * @param {Range} ys
   */
  zoom(xs, ys) {
    plot.change(this.#back, { "xaxis.range": [...xs], "yaxis.range": [...ys] });
  }

  /**
   * The point of the surface at a pixel, and in which panel it is; null beside the panels.
   * @param {number} left
   * @param {number} top
   * @returns {[x: number, y: number, panel: number] | null}
   */
  pointAt(left, top) {
    const contours = this.#scene?.back.data.filter(({ type }) => type === "contour") ?? [];
    for (const [panel, { xaxis = "x", yaxis = "y" }] of contours.entries()) {
      const axes = [plot.axis(this.#back, xaxis), plot.axis(this.#back, yaxis)];
      const value = plot.valueAt(axes[0], axes[1], left, top);
      if (value) return [...value, panel];
    }
    return null;
  }

  /** Stand aside for the view in space; the contours are kept. */
  hide() {
    this.stage.hidden = true;
    this.#runs = [];
  }

  close() {
    plot.erase(this.#back);
    plot.erase(this.#front);
  }
}

/**
 * The pixels that a drawn path has travelled when it reaches each of its points.
 * @param {ReturnType<typeof clip>} path
 * @param {Axis} px
 * @param {Axis} py
 */
function travelled({ x, y, at }, px, py) {
  const lengths = new Float64Array(x.length);
  for (let i = 1; i < x.length; i++) {
    const right = px.toPixel(x[i]) - px.toPixel(x[i - 1]);
    const down = py.toPixel(y[i]) - py.toPixel(y[i - 1]);
    lengths[i] = lengths[i - 1] + Math.hypot(right, down);
  }
  return Float64Array.from(at, (vertex) => lengths[vertex]);
}

/**
 * @param {Range} a
 * @param {Range} b
 */
const same = (a, b) => a[0] === b[0] && a[1] === b[1];
