// The flat view: panels that lie side by side, or one for all runs. Plotly draws contours and whole
// paths; while the player plays, only the travelled length of each path and its head change.

import { ArrowLayer } from "./arrows.js";
import { clip } from "./clip.js";
import { done, whole } from "./clock.js";
import { dashed, MARKS, outlined, putHead } from "./covered.js";
import { batched, GradientLayer } from "./gradients.js";
import {
  arranged,
  arrangementFor,
  besideEachOther,
  DASH,
  dashesOf,
  enlarged,
  fullest,
  LINE_OF_KEYS,
  linesOfKeys,
  PHONE,
  panelsSize,
} from "./layout.js";
import * as plot from "./plot.js";
import { lossAt, lossOf, nearest } from "./reading.js";
import { renew, set } from "./renew.js";
import { title } from "./titles.js";
import { between, lengths } from "./travel.js";

/** @import { Dashes, Spot } from "./covered.js" */
/** @import { Reading } from "./reading.js" */
/** @import { Annotation, Arrangement, Axis, Moves, Numbers, Point, Range, Scene, Size, Trace, View } from "./types.js" */

const [REACH, REACH_OF_FINGER] = [14, 24]; // pixels around a start within which it can be held
const LOWEST = 0.145; // of the window's height: lower panels would be of little use
const MARK = 17; // pixels of a head
const HEAD = 38; // pixels of a title, and of air above it
const OVER = ["minima", "words"]; // those of traces of the ground that stand above paths
const ROOM_FOR_WORDS = 600; // pixels of a panel, in which start and minimum are named

/**
 * One run's path as drawn: its points, their axes, the pixels travelled to each, and its nodes.
 * @typedef {object} Run
 * @property {string} panel Its x axis.
 * @property {Numbers} x
 * @property {Numbers} y
 * @property {Axis} px
 * @property {Axis} py
 * @property {Point[]} words Places on its ground above which a word stands, in pixels.
 * @property {number} pace Updates in a tick.
 * @property {Float64Array} travelled
 * @property {{node: SVGElement, dash: Dashes | null}[]} lines
 * @property {SVGElement[]} dots One at each update, or none.
 * @property {SVGElement | undefined} head
 * @property {string[]} colours Of its last arrow, and of those before.
 * @property {string} casing
 */

/**
 * What stands beside a run as drawn: its points, their axes, pixels travelled, and its nodes.
 * @typedef {Pick<Run, "x" | "y" | "px" | "py" | "pace" | "travelled"> & {
 *   run: number, first: number, nodes: SVGElement[], head: SVGElement | undefined }} Beside
 */

/**
 * The seeds of a run as drawn: where they are when, their axes and their nodes.
 * @typedef {Moves & { px: Axis, py: Axis, pace: number, nodes: SVGElement[] }} Cloud
 */

/** @implements {View} */
export class Panels {
  /** @type {Run[]} */
  #runs = [];
  /** @type {Beside[]} */
  #beside = [];
  /** @type {Cloud[]} */
  #clouds = [];
  /** @type {Spot[]} What stands on the ground and no head may hide. */
  #marks = [];
  #back;
  #front;
  #notes;
  #ground = "";
  #scene = /** @type {Scene | null} */ (null);
  #arrangement = /** @type {Arrangement | null} */ (null);
  #size = /** @type {Size} */ ({ width: 0, height: 0 });
  #family = "";
  #letters = 1; // by how much they are larger than usual
  #lines = 1; // of keys above the one panel of many runs
  #clock = 0;
  #unhurried = true;
  #arrows;
  #gradients;
  /** @type {number | null} The run that was pointed at last. */
  #selected = null;
  /** @type {ReadonlySet<number>} The runs that are not shown. */
  #muted = new Set();
  /** Whose frame is the whole of what is drawn. */
  #whole = /** @type {Scene | null} */ (null);

  /**
   * @param {HTMLElement} stage With a place for contours, for paths and for titles.
   * @param {(zoomed: boolean) => void} zoomed Hears whether less than the whole frame is shown.
   * @param {() => void} again Is called when more can be shown than at the last look at the clock.
   */
  constructor(stage, zoomed, again) {
    this.stage = stage;
    this.zoomed = zoomed;
    this.again = again;
    [this.#back, this.#front, this.#notes] = /** @type {HTMLElement[]} */ ([...stage.children]);
    this.#arrows = new ArrowLayer(this.#notes);
    this.#gradients = new GradientLayer(this.#notes);
  }

  /** By how much the arrows of gradients are drawn longer than rate x gradient. */
  get factor() {
    return this.#gradients.factor;
  }

  /** Pixels that the panels take, which may be fewer than there are. */
  get width() {
    return this.#size.width;
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
   * @param {number} page The width of all, by which panels are arranged as the cards are.
   * @param {number} letters By how much they are larger than usual.
   * @param {number} least Of the window's height, for each of several rows.
   * @param {boolean} alone Whether no cards are arranged as the panels are.
   */
  async draw(scene, width, room, family, page = width, letters = 1, least = LOWEST, alone = false) {
    this.stage.hidden = false;
    const { margin } = scene.back.layout;
    const { arrangements } = scene;
    const arrangement = alone
      ? fullest(arrangements, scene, margin, width, room)
      : arrangementFor(arrangements, page);
    const narrow = width <= PHONE;
    const share = arrangement.rows > 1 ? least : LOWEST;
    const lowest = Math.max(narrow ? 0 : scene.lowest, share * innerHeight);
    this.#lines = linesOfKeys(scene.labels, arrangement, width);
    this.stage.style.setProperty("--lines", String(this.#lines));
    const left = room - (this.#lines - 1) * LINE_OF_KEYS;
    // Where seeds are shown the shape of their cloud is what is compared.
    const equal = scene.clouds.length ? { widest: 1, highest: 1 } : {};
    const size = panelsSize({ ...scene, lowest, ...equal }, margin, arrangement, width, left);
    const ground = [scene.ground, arrangement.columns, size.width, size.height, letters].join();
    this.#scene = scene;
    this.#arrangement = arrangement;
    this.#size = size;
    this.#family = family;
    this.#letters = letters;
    if (ground !== this.#ground) {
      const layout = arranged(scene.back, arrangement, size, family, HEAD, letters);
      const touch = matchMedia("(pointer: coarse)").matches;
      const extra = { uirevision: scene.surface, ...(touch && { dragmode: false }) };
      withRanges(layout, this.#opening(scene));
      await plot.draw(this.#back, enlarged(scene.back.data, letters), { ...layout, ...extra });
      if (!this.#ground) plot.onChange(this.#back, () => this.#follow());
      this.#ground = ground;
    }
    this.#whole = scene;
    await this.#drawPaths();
  }

  /**
   * The ranges that a scene opens with: of a zoom that stays while the frame changes, on the same
   * surface and within the new frame, beyond which there is no ground; or else the whole frame.
   * @param {Scene} scene
   * @returns {[Range, Range]}
   */
  #opening(scene) {
    const whole = rangesOf(scene);
    const before = this.#whole;
    if (before?.surface !== scene.surface) return whole;
    const now = /** @type {[Range, Range]} */ (
      ["x", "y"].map((name) => plot.axis(this.#back, name).range)
    );
    const zoomed = !now.every((range, i) => same(range, rangesOf(before)[i]));
    return zoomed && now.every((range, i) => within(range, whole[i])) ? now : whole;
  }

  /** Draw the paths again after a zoom, and with them the titles, which tell the losses. */
  async #follow() {
    await this.#drawPaths();
    this.again();
  }

  /** Draw the paths within the axes' present ranges. */
  async #drawPaths() {
    const [scene, arrangement] = [this.#scene, this.#arrangement];
    if (!scene || !arrangement) return;
    const [xs, ys] = [plot.axis(this.#back, "x").range, plot.axis(this.#back, "y").range];
    const letters = this.#letters;
    const layout = arranged(scene.front, arrangement, this.#size, this.#family, HEAD, letters);
    withRanges(layout, [xs, ys], { visible: false });
    /** @type {Map<Numbers, ReturnType<typeof clip>>} A path and its casing share their numbers. */
    const clipped = new Map();
    const cut = (/** @type {Numbers} */ x, /** @type {Numbers} */ y) => {
      const known = clipped.get(x) ?? clip(x, y, xs, ys);
      clipped.set(x, known);
      return known;
    };
    const data = [...scene.front.data, ...marksOver(scene)].map((trace) => {
      const { x, y } = trace.mode === "lines" ? cut(trace.x, trace.y) : trace;
      return { ...trace, x, y, uid: trace.name };
    });
    const { annotations, ...bare } = layout;
    await plot.drawStill(this.#front, enlarged(data, letters), bare);
    this.#writeTitles(annotations);
    const paths = scene.front.data.filter((trace) => trace.name.startsWith("path-"));
    const over = dashed(
      paths.map(({ x, y, xaxis = "x", yaxis = "y" }, i) => {
        if (xaxis !== "x" || paths.length === 1 || this.#muted.has(i)) return null;
        return inPixels(cut(x, y), plot.axis(this.#front, xaxis), plot.axis(this.#front, yaxis));
      }),
    );
    this.#marks = this.#marksOn(scene);
    this.#runs = paths.map(({ name, x, y, line, xaxis = "x", yaxis = "y" }, i) => {
      const run = name.slice("path-".length);
      const [px, py] = [plot.axis(this.#front, xaxis), plot.axis(this.#front, yaxis)];
      const dash = line?.dash === "dash" ? DASH : over[i];
      const lines = [`casing-${run}`, name].flatMap((uid) => {
        const node = plot.line(this.#front, uid);
        return node ? [{ node, dash: uid === name ? dash : null }] : [];
      });
      return {
        panel: xaxis,
        x,
        y,
        px,
        py,
        words: wordsOn(scene, xaxis, px, py),
        pace: scene.pace[Number(run)],
        travelled: travelled(cut(x, y), px, py),
        lines,
        dots: [...plot.markers(this.#front, `dots-${run}`)],
        head: plot.markers(this.#front, `head-${run}`)[0],
        colours: [scene.front.layout.font.color, line?.color ?? ""],
        casing: scene.front.data.find((each) => each.name === `casing-${run}`)?.line?.color ?? "",
      };
    });
    const named = new Map(scene.front.data.map((trace) => [trace.name, trace]));
    this.#beside = scene.beside.map(({ run, first }, i) => {
      const { x, y, xaxis = "x", yaxis = "y" } = /** @type {Trace} */ (named.get(`beside-${i}`));
      const [px, py] = [plot.axis(this.#front, xaxis), plot.axis(this.#front, yaxis)];
      const nodes = ["tube", "beside"].flatMap(
        (what) => plot.line(this.#front, `${what}-${i}`) ?? [],
      );
      const head = plot.markers(this.#front, `tip-${i}`)[0];
      return {
        run,
        first,
        x,
        y,
        px,
        py,
        pace: scene.pace[run],
        travelled: travelled(cut(x, y), px, py),
        nodes,
        head,
      };
    });
    this.#gradients.scale(scene, this.#runs);
    this.#clouds = scene.clouds.map((moves, i) => {
      const { xaxis = "x", yaxis = "y" } = scene.front.data[i];
      return {
        ...moves,
        px: plot.axis(this.#front, xaxis),
        py: plot.axis(this.#front, yaxis),
        pace: scene.pace[i],
        nodes: [...plot.markers(this.#front, `cloud-${i}`)],
      };
    });
    const panel = (this.#runs[0] ?? this.#clouds[0])?.px.length ?? 0;
    this.stage.classList.toggle("zz-worded", panel >= ROOM_FOR_WORDS);
    const [whole, high] = rangesOf(scene);
    this.zoomed(!same(xs, whole) || !same(ys, high));
  }

  /** @param {Scene} scene */
  #marksOn({ back, front }) {
    const marks = [...back.data, ...front.data].filter(({ name }) => MARKS.test(name ?? ""));
    return marks.flatMap(({ x, y, xaxis = "x", yaxis = "y" }) => {
      const [px, py] = [plot.axis(this.#front, xaxis), plot.axis(this.#front, yaxis)];
      const at = (/** @type {number} */ i) =>
        /** @type {Point} */ ([px.toPixel(x[i]), py.toPixel(y[i])]);
      return Array.from(x, (_, i) => ({ panel: xaxis, at: at(i) }));
    });
  }

  /** @param {Annotation[]} annotations */
  #writeTitles(annotations) {
    const shown = annotations.filter((note) => note.visible !== false);
    const many = this.#lines > 1;
    const titles = shown.map((note) => {
      const [x, y] = [note.xref, note.yref].map((name) =>
        plot.axis(this.#front, name.split(" ")[0]),
      );
      const node = title(note, x.offset, y.offset, x.length); // above the panel
      node.classList.toggle("zz-many", many);
      node.classList.toggle("zz-each", many && this.#lines === this.#scene?.labels.length);
      return node;
    });
    renew(this.#notes, titles);
  }

  /**
   * Move heads and travelled paths to the clock.
   * @param {number} clock
   * @param {boolean} unhurried Whether there is time to read.
   */
  reveal(clock, unhurried) {
    this.#clock = clock;
    this.#unhurried = unhurried;
    /** @type {(Spot | null)[]} */
    const heads = this.#runs.map(() => null);
    // Before a prediction all stand at their start, where only the last one would be seen.
    const aside = this.#scene?.held ? besideEachOther(this.#runs.map(startOf), MARK) : [];
    for (const [i, run] of this.#runs.entries()) {
      const { x, y, px, py, travelled, lines, dots, head } = run;
      const at = this.#reached(run);
      const length = between(travelled, at);
      const seen = this.#muted.has(i) ? "hidden" : "visible";
      for (const { node, dash } of lines) {
        node.style.strokeDasharray = dashesOf(length, dash);
        node.style.visibility = length ? seen : "hidden";
      }
      for (const [k, dot] of dots.entries()) {
        set(dot, "visibility", k <= at ? seen : "hidden");
      }
      if (!head) continue;
      const left = px.toPixel(between(x, at)) + (aside[i] ?? 0);
      const place = [left, py.toPixel(between(y, at))];
      if (seen === "visible") heads[i] = { panel: run.panel, at: /** @type {Point} */ (place) };
      set(head, "visibility", seen);
    }
    const open = outlined(heads, this.#marks);
    for (const [i, { head, colours }] of this.#runs.entries()) {
      const place = heads[i];
      if (head && place) putHead(head, place.at, open[i], colours[1]);
    }
    for (const each of this.#beside) this.#aside(each);
    for (const [i, cloud] of this.#clouds.entries()) this.#scatter(i, cloud);
    this.#point(unhurried);
  }

  /**
   * Draw what stands beside a run up to the clock.
   * @param {Beside} beside
   */
  #aside({ run, first, x, y, px, py, pace, travelled, nodes, head }) {
    const at = Math.max(0, done(this.#clock, pace, first + x.length - 1) - first);
    const length = between(travelled, at);
    const seen = at === 0 || this.#muted.has(run) ? "hidden" : "visible";
    for (const node of nodes) {
      node.style.strokeDasharray = dashesOf(length, null);
      node.style.visibility = seen;
    }
    if (!head) return;
    set(head, "visibility", seen);
    set(
      head,
      "transform",
      `translate(${px.toPixel(between(x, at))},${py.toPixel(between(y, at))})`,
    );
  }

  /**
   * Put the seeds of a run where they were at the last count that is known up to the clock.
   * @param {number} i
   * @param {Cloud} cloud
   */
  #scatter(i, { at, x, y, px, py, pace, nodes }) {
    const reached = whole(this.#clock * pace);
    const first =
      nodes.length *
      Math.max(
        0,
        at.findLastIndex((count) => count <= reached),
      );
    const seen = this.#muted.has(i) ? "hidden" : "visible";
    for (const [k, node] of nodes.entries()) {
      const [left, top] = [px.toPixel(x[first + k]), py.toPixel(y[first + k])];
      set(node, "transform", `translate(${left},${top})`);
      set(node, "visibility", seen);
    }
  }

  /**
   * How many updates a run has done at the clock.
   * @param {Run} run
   */
  #reached({ pace, x }) {
    return done(this.#clock, pace, x.length - 1);
  }

  /**
   * Draw the arrows at the heads; in one panel those of one run.
   * @param {boolean} unhurried
   */
  #point(unhurried) {
    const steps = this.#scene?.arrows ?? [];
    const one = this.#scene?.front.data.every(({ xaxis = "x" }) => xaxis === "x");
    const shown = this.#runs.flatMap((run, i) => {
      if (!steps[i] || this.#muted.has(i) || (one && i !== this.#chosen())) return [];
      // What a rule without memory does is drawn with the gradients.
      if (this.#scene && batched(this.#scene, i) && !steps[i].x) return [];
      const k = this.#reached(run);
      const looked = this.#scene?.look?.id; // a step that has arrows of its own
      if (looked?.[0] === i && looked[1] === k) return [];
      return [{ ...run, steps: steps[i], k }];
    });
    this.#arrows.draw(shown, unhurried);
    const scene = this.#scene;
    if (!scene) return;
    const runs = this.#runs.flatMap((run, i) =>
      !batched(scene, i) || this.#muted.has(i) || (one && i !== this.#batch())
        ? []
        : [{ ...run, run: i }],
    );
    this.#gradients.draw(scene, runs, this.#clock, this.again);
  }

  /** The run whose batch one panel of several runs shows: the one pointed at, else the first. */
  #batch() {
    const shown = this.#runs.flatMap((_, i) => (this.#muted.has(i) ? [] : [i]));
    return this.#selected !== null && shown.includes(this.#selected) ? this.#selected : shown[0];
  }

  /** The run that one panel has arrows for: the one pointed at, else the first that remembers. */
  #chosen() {
    const steps = this.#scene?.arrows ?? [];
    const shown = steps.flatMap((_, i) => (this.#muted.has(i) ? [] : [i]));
    if (this.#selected !== null && shown.includes(this.#selected)) return this.#selected;
    return shown.find((i) => steps[i].x) ?? shown[0];
  }

  /**
   * Show all runs but these, from the next look at the clock on.
   * @param {ReadonlySet<number>} muted
   */
  mute(muted) {
    const before = [...this.#muted].join();
    this.#muted = muted;
    if ([...muted].join() !== before) this.#follow();
  }

  /**
   * What is read at a pixel: a point of the travelled part of a path, if one is near, or the ground.
   * @param {number} left
   * @param {number} top
   * @returns {Reading | null}
   */
  readingAt(left, top) {
    const scene = this.#scene;
    const here = this.pointAt(left, top);
    if (!scene || !here) return null;
    /** @type {Reading | null} */
    let found = null;
    let least = Infinity;
    for (const [i, run] of this.#runs.entries()) {
      if (this.#muted.has(i)) continue;
      const [across, down] = [left - run.px.offset, top - run.py.offset];
      const hit = nearest(run, across, down, this.#reached(run));
      if (!hit || hit.away >= least) continue;
      least = hit.away;
      found = this.#readingOf(i, hit.k);
    }
    if (found) {
      this.#selected = found.run;
      this.#point(this.#unhurried);
      return found;
    }
    const [x, y, panel] = here;
    const contours = scene.back.data.filter(({ type }) => type === "contour");
    const loss = lossAt(contours[panel], scene.scales[panel] ?? scene.scales[0], x, y);
    return { run: null, k: null, x, y, loss, rate: null, left, top };
  }

  /** What is read at the head of a run: the one pointed at last, or the first. */
  readingAtHead() {
    const i = this.#chosen() ?? this.#runs.findIndex((_, run) => !this.#muted.has(run));
    const run = this.#runs[i];
    return run ? this.#readingOf(i, this.#reached(run)) : null;
  }

  /**
   * @param {number} i
   * @param {number} k
   * @returns {Reading}
   */
  #readingOf(i, k) {
    const { x, y, px, py } = this.#runs[i];
    const { readings } = /** @type {Scene} */ (this.#scene);
    const { rate } = readings.runs[i];
    return {
      run: i,
      k,
      x: x[k],
      y: y[k],
      loss: lossOf(readings, i, k),
      rate: typeof rate === "number" ? rate : (rate[Math.max(0, k - 1)] ?? null),
      left: px.offset + px.toPixel(x[k]),
      top: py.offset + py.toPixel(y[k]),
    };
  }

  /** Show the whole frame. */
  reset() {
    if (!this.#scene) return;
    this.zoom(...rangesOf(this.#scene));
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

  /**
   * The panel in which a pointer at a pixel takes hold of a start, or null.
   * @param {number} left
   * @param {number} top
   * @returns {number | null}
   */
  startAt(left, top) {
    const reach = matchMedia("(pointer: coarse)").matches ? REACH_OF_FINGER : REACH;
    for (const { name, x, y, xaxis = "x", yaxis = "y" } of this.#scene?.front.data ?? []) {
      if (!name.startsWith("start-")) continue;
      const [px, py] = [plot.axis(this.#front, xaxis), plot.axis(this.#front, yaxis)];
      const right = px.offset + px.toPixel(x[0]) - left;
      const down = py.offset + py.toPixel(y[0]) - top;
      if (Math.hypot(right, down) <= reach) return Number(name.slice("start-".length));
    }
    return null;
  }

  /** Stand aside for the view in space; the contours are kept. */
  hide() {
    this.stage.hidden = true;
    this.#runs = [];
    this.#beside = [];
    this.#clouds = [];
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
  const along = lengths(
    x.length,
    (i) => px.toPixel(x[i]),
    (i) => py.toPixel(y[i]),
  );
  return Float64Array.from(at, (vertex) => along[vertex]);
}

/**
 * The minima and their names once more, above paths and seeds that would leave nothing to see.
 * @param {Scene} scene
 */
const marksOver = ({ back }) =>
  back.data.flatMap((trace) =>
    OVER.includes(trace.name) ? [{ ...trace, name: `${trace.name}-over-${trace.xaxis}` }] : [],
  );

/**
 * A drawn path in pixels.
 * @param {ReturnType<typeof clip>} path
 * @param {Axis} px
 * @param {Axis} py
 */
const inPixels = ({ x, y }, px, py) => ({
  x: Float64Array.from(x, px.toPixel),
  y: Float64Array.from(y, py.toPixel),
  count: x.length,
});

/**
 * Where a run begins, in pixels of the picture.
 * @param {Run} run
 * @returns {Point}
 */
const startOf = ({ x, y, px, py }) => [px.offset + px.toPixel(x[0]), py.offset + py.toPixel(y[0])];

/**
 * Where words stand on the ground of a panel, in its pixels.
 * @param {Scene} scene
 * @param {string} panel Its x axis.
 * @param {Axis} px
 * @param {Axis} py
 * @returns {Point[]}
 */
const wordsOn = ({ back }, panel, px, py) =>
  back.data.flatMap(({ name, x, y, xaxis = "x" }) =>
    name !== "words" || xaxis !== panel
      ? []
      : Array.from(x, (value, i) => /** @type {Point} */ ([px.toPixel(value), py.toPixel(y[i])])),
  );

/**
 * @param {Range} a
 * @param {Range} b
 */
const same = (a, b) => a[0] === b[0] && a[1] === b[1];

/**
 * @param {Range} a
 * @param {Range} b
 */
const within = (a, b) => b[0] <= a[0] && a[1] <= b[1];

/**
 * The whole frame of a scene.
 * @param {Scene} scene
 * @returns {[Range, Range]}
 */
const rangesOf = ({ back }) => [back.layout.xaxis.range, back.layout.yaxis.range];

/**
 * Give the axes of all panels their ranges.
 * @param {{[name: string]: unknown}} layout
 * @param {[Range, Range]} ranges Of x and y.
 * @param {object} more What else the axes are given.
 */
function withRanges(layout, [xs, ys], more = {}) {
  for (const key of Object.keys(layout)) {
    if (!/^[xy]axis/.test(key)) continue;
    const axis = /** @type {object} */ (layout[key]);
    layout[key] = { ...axis, range: [...(key[0] === "x" ? xs : ys)], ...more };
  }
}
