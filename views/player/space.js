// The view in space: Plotly's WebGL draws the surface, and this file draws over it what Python has
// put into space, as a flat picture: all of it when the camera moves, and while the player plays
// only heads and travelled paths.

import { done } from "./clock.js";
import { dashed, MARKS, outlined, putHead } from "./covered.js";
import * as keys from "./keys.js";
import { PHONE, spaceSize } from "./layout.js";
import { fitted, orbit } from "./orbit.js";
import * as plot from "./plot.js";
import { renew } from "./renew.js";
import { aim, hides, pixel, relief } from "./sight.js";
import { tr } from "./texts.js";
import { writeTicks } from "./ticks.js";
import { title } from "./titles.js";
import { between, reached } from "./travel.js";

/** @import { Dashes, Spot } from "./covered.js" */
/** @import { Turn } from "./orbit.js" */
/** @import { Relief, Sight } from "./sight.js" */
/** @import { Camera, Line, Numbers, Point, Scene, Size, SpaceRun, Trace, View } from "./types.js" */

const PARTS = `
<div class="zz-view" role="application" tabindex="0">
  <div class="zz-surface"></div><canvas></canvas><canvas></canvas><div class="zz-marks"></div>
</div>
<div class="zz-notes"></div>`;
const LOWEST_ON_PHONE = 190; // pixels of the picture's height, below which stand runs and curve
const HIDDEN = 0.3; // opacity of what is behind the surface
const AXES = /** @type {const} */ (["xaxis", "yaxis", "zaxis"]);
/** @type {Camera | null} */
let camera = null; // as the reader left it, whatever is shown next

/**
 * Points in space, with room for where they are seen.
 * @typedef {{ x: Numbers, y: Numbers, z: Numbers, count: number, px: Float64Array, py: Float64Array }} Spots
 */

/**
 * One run: its lines' styles, its vertices, which of them start a piece, which are behind the
 * surface, when each is reached, and the node of its head.
 * @typedef {object} Run
 * @property {Trace | undefined} faint The path to come, if it is shown.
 * @property {Trace} casing
 * @property {Trace} path
 * @property {Spots} place
 * @property {Uint8Array} fresh
 * @property {Uint8Array} behind
 * @property {Numbers} times
 * @property {number} last
 * @property {number} pace
 * @property {SVGElement} head
 */

/** @implements {View} */
export class Space {
  #root = document.createElement("div");
  #view;
  #surface;
  #marks;
  #notes;
  /** @type {CanvasRenderingContext2D} For what moves with the camera alone. */
  #under;
  /** @type {CanvasRenderingContext2D} For what moves with the clock too. */
  #over;
  #size = /** @type {Size} */ ({ width: 0, height: 0 });
  #scene = /** @type {Scene | null} */ (null);
  #font = "";
  #first = /** @type {Camera | null} */ (null); // as the scene has it
  #ground = "";
  #aimed = 0; // the frame in which the camera will be pointed
  #clock = /** @type {number | null} */ (null);
  #points = /** @type {{ fixed: boolean, place: Spots, nodes: NodeListOf<SVGElement> }[]} */ ([]);
  #runs = /** @type {Run[] | null} */ (null);
  #beside = /** @type {{ run: number, drawn: Run }[]} */ ([]); // what stands beside which run
  #dashes = /** @type {(Dashes | null)[]} */ ([]); // of the runs' lines
  #fixed = /** @type {Spot[]} */ ([]); // what stands on the surface and no head may hide
  #sight = /** @type {Sight} */ ({ matrix: [], eye: [] });
  #relief = /** @type {Relief | null} */ (null);
  /** @type {ReadonlySet<number>} The runs that are not shown. */
  #muted = new Set();

  /**
   * @param {HTMLElement} place Where it is put behind.
   * @param {(turned: boolean) => void} turned Hears whether the camera was moved.
   */
  constructor(place, turned) {
    this.turned = turned;
    this.#root.className = "zz-space";
    this.#root.innerHTML = PARTS;
    place.after(this.#root);
    [this.#view, this.#notes] = /** @type {HTMLElement[]} */ ([...this.#root.children]);
    const [surface, under, over, marks] = this.#view.children;
    this.#surface = /** @type {HTMLElement} */ (surface);
    this.#marks = /** @type {HTMLElement} */ (marks);
    [this.#under, this.#over] = [under, over].map((canvas) => {
      const context = /** @type {HTMLCanvasElement} */ (canvas).getContext("2d");
      return /** @type {CanvasRenderingContext2D} */ (context);
    });
    this.#listen();
  }

  /**
   * Turn what is dragged. Plotly's own way overshoots where pictures are slow, and takes the wheel
   * and every finger from the page; here only a finger that moves sideways turns (see the style).
   */
  #listen() {
    /**
     * @template {keyof HTMLElementEventMap} Name
     * @param {Name} name
     * @param {(event: HTMLElementEventMap[Name]) => void} act
     */
    const on = (name, act) =>
      this.#view.addEventListener(name, act, { passive: false, capture: true });
    /** @type {PointerEvent | null} */
    let grip = null;
    on("pointerdown", (event) => {
      if (event.button || !event.isPrimary) return;
      grip = event;
      this.#view.setPointerCapture(event.pointerId);
    });
    on("pointermove", (event) => {
      if (grip?.pointerId !== event.pointerId) return;
      const [right, down] = [event.clientX - grip.clientX, event.clientY - grip.clientY];
      const starts = event.pointerType === "touch" && grip.type === "pointerdown";
      const scrolls = starts && Math.abs(down) >= Math.abs(right);
      grip = scrolls ? null : event;
      const angle = Math.PI / this.#size.height;
      if (grip) this.#turn([-right * angle, down * angle, 1]);
    });
    const release = () => {
      grip = null;
    };
    on("pointerup", release);
    on("pointercancel", release);
    on("wheel", (event) => {
      if (!event.ctrlKey) return; // the page scrolls
      event.preventDefault();
      this.#turn([0, 0, Math.exp(event.deltaY / 500)]);
    });
    on("mousedown", (event) => event.preventDefault()); // no focus: a mouse leaves the keys to the clock
    on("keydown", (event) => {
      const turn = keys.turn(event);
      if (!turn) return;
      event.preventDefault();
      event.stopPropagation();
      this.#turn(turn);
    });
    // So that the browser brings the context back.
    this.#view.addEventListener("webglcontextlost", (event) => event.preventDefault(), true);
  }

  /** @param {Turn} turn */
  #turn(turn) {
    if (!this.#first || !plot.isSpaceDrawn(this.#surface)) return;
    camera ??= structuredClone(this.#first);
    camera.eye = orbit(camera, turn);
    this.#aimed ||= requestAnimationFrame(() => {
      this.#aimed = 0;
      const to = camera ?? this.#first;
      if (to && plot.isSpaceDrawn(this.#surface)) plot.point(this.#surface, to);
    });
    this.turned(true);
  }

  /** Put the camera back. */
  reset() {
    camera = null;
    this.turned(false);
    if (this.#first) plot.point(this.#surface, this.#first);
  }

  close() {
    cancelAnimationFrame(this.#aimed);
    plot.eraseSpace(this.#surface);
    plot.erase(this.#marks);
    this.#root.remove();
  }

  /**
   * Draw a scene, not much higher than `room`; the surface stays as it is while only paths change.
   * @param {Scene} scene
   * @param {number} width
   * @param {number} room
   * @param {string} family
   */
  async draw(scene, width, room, family) {
    this.#scene = scene;
    this.#font = `${scene.back.layout.font.size}px ${family}`;
    const sizes = width > PHONE ? scene : { ...scene, lowest: LOWEST_ON_PHONE };
    this.#size = spaceSize(sizes, width, room);
    this.#root.style.width = `${this.#size.width}px`;
    this.#view.style.height = `${this.#size.height}px`;
    this.#view.setAttribute("aria-label", scene.label);
    this.#view.title = tr("Drag to turn, Ctrl and wheel to zoom; in focus: arrow keys, + and −");
    this.turned(camera !== null);
    if (!plot.hasWebgl()) {
      const none = document.createElement("div");
      none.className = "zz-none";
      none.setAttribute("role", "alert");
      none.textContent = tr(
        "This browser shows no 3-D graphics (WebGL). The other views need none.",
      );
      this.#root.replaceChildren(none);
      return;
    }
    const ground = [scene.ground, ...Object.values(this.#size), devicePixelRatio].join();
    if (ground !== this.#ground) {
      await this.#drawSurface(scene);
      if (!this.#root.isConnected) return; // another view was chosen meanwhile
      this.#ground = ground;
      for (const { canvas } of [this.#under, this.#over]) {
        canvas.width = this.#size.width * devicePixelRatio;
        canvas.height = this.#size.height * devicePixelRatio;
      }
      plot.onPicture(this.#surface, () => this.#look());
    }
    await this.#drawMarks(scene);
    const { length } = scene.pace;
    this.#runs = scene.pace.map((_, i) => this.#run(scene, i, scene.runs[i]));
    this.#beside = scene.beside.map(({ run }, i) => ({
      run,
      drawn: this.#run(scene, i, scene.runs[length + i], run, ["beside", "tube", "tip"]),
    }));
    this.#look();
  }

  /** @param {Scene} scene */
  async #drawSurface({ back }) {
    const space = structuredClone(back.layout.scene); // Plotly writes the camera into the one it is given
    for (const name of AXES) space[name].ticktext = space[name].tickvals.map(() => "");
    space.camera.eye = fitted(space.camera, space.aspectratio, this.#size);
    this.#first = structuredClone(space.camera);
    if (camera) space.camera = structuredClone(camera);
    const surfaces = back.data.filter((trace) => trace.type === "surface");
    await plot.drawSpace(this.#surface, surfaces, { ...back.layout, ...this.#size, scene: space });
  }

  /**
   * Draw minima, starts and heads as flat markers, which are put where they are seen later.
   * @param {Scene} scene
   */
  async #drawMarks({ back, front }) {
    const marks = [...back.data, ...front.data].filter((trace) => trace.mode === "markers");
    const flat = marks.map(({ customdata, ...trace }) => {
      const zeros = Array.from(trace.x, () => 0);
      return { ...trace, x: zeros, y: zeros, uid: trace.name };
    });
    const { annotations, ...layout } = front.layout;
    await plot.drawStill(this.#marks, flat, { ...layout, ...this.#size });
    const shown = annotations.filter((note) => note.visible);
    const titles = shown.map((note) => title(note, 3, 3, this.#size.width - 12));
    renew(this.#notes, titles);
    this.#points = marks.map((trace) => ({
      fixed: MARKS.test(trace.name),
      place: spots(trace),
      nodes: plot.markers(this.#marks, trace.name),
    }));
  }

  /**
   * @param {Scene} scene
   * @param {number} i
   * @param {SpaceRun} run
   * @param {number} of Whose pace it has.
   * @param {string[]} names Of its line, of that below and of its head.
   * @returns {Run}
   */
  #run({ front, pace }, i, run, of = i, [line, below, head] = ["path", "casing", "head"]) {
    const named = (/** @type {string} */ name) =>
      /** @type {Trace} */ (front.data.find((trace) => trace.name === `${name}-${i}`));
    const path = named(line);
    const place = spots(path);
    const fresh = new Uint8Array(place.count);
    for (const start of run.starts) fresh[start] = 1;
    return {
      faint: line === "path" ? named("faint") : undefined,
      casing: named(below),
      path,
      place,
      fresh,
      behind: new Uint8Array(place.count),
      times: run.times ?? Float64Array.from(fresh, (_, vertex) => vertex),
      last: run.last,
      pace: pace[of],
      head: plot.markers(this.#marks, `${head}-${i}`)[0],
    };
  }

  /** Place everything as the camera sees it. */
  #look() {
    if (!this.#scene || !this.#runs || !plot.isSpaceDrawn(this.#surface)) return;
    const ranges = plot.spaceRanges(this.#surface);
    const { layout, data } = this.#scene.back;
    this.#sight = aim(plot.matrices(this.#surface));
    this.#relief = relief(data[0], ranges[2]);
    this.#fixed = [];
    for (const { fixed, place, nodes } of this.#points) {
      this.#project(place);
      for (const [i, node] of nodes.entries()) {
        stand(node, place.px[i], place.py[i], this.#hidden(place, i));
      }
      if (!fixed) continue;
      const at = (/** @type {number} */ i) => /** @type {Point} */ ([place.px[i], place.py[i]]);
      this.#fixed.push(...Array.from(place.px, (_, i) => ({ panel: "", at: at(i) })));
    }
    const drawn = [...this.#runs, ...this.#beside.map((each) => each.drawn)];
    for (const { place, behind } of drawn) {
      this.#project(place);
      for (let i = 1; i < place.count; i++) behind[i] = this.#hidden(place, i - 0.5);
    }
    const shown = this.#runs.map(({ place: { px, py, count } }, i) =>
      this.#muted.has(i) ? null : { x: px, y: py, count },
    );
    this.#dashes = dashed(shown);
    this.#clear(this.#under);
    Object.assign(this.#under, { font: this.#font, fillStyle: layout.font.color });
    const { matrix, eye } = this.#sight;
    writeTicks(this.#under, layout, ranges, eye, (...at) => pixel(matrix, this.#size, ...at));
    for (const [i, run] of this.#runs.entries()) {
      if (!run.faint || this.#muted.has(i)) continue;
      const { line, opacity = 1 } = run.faint;
      const last = run.place.count - 1;
      stroke(this.#under, run, last, null, 0, [[line, opacity]]);
      stroke(this.#under, run, last, null, 1, [[line, opacity * HIDDEN]]);
    }
    if (this.#clock !== null) this.reveal(this.#clock);
  }

  /**
   * Move heads and travelled paths to the clock.
   * @param {number} clock
   */
  reveal(clock) {
    this.#clock = clock;
    if (!this.#runs || !plot.isSpaceDrawn(this.#surface)) return;
    this.#clear(this.#over);
    /** @type {(Spot | null)[]} */
    const heads = this.#runs.map(() => null);
    const drawn = [];
    for (const [i, run] of this.#runs.entries()) {
      const { times, place, fresh, head } = run;
      if (this.#muted.has(i)) {
        head.style.visibility = "hidden";
        continue;
      }
      const { vertex, share } = reached(times, fresh, done(clock, run.pace, run.last));
      const at = vertex + (share ?? 0);
      /** @type {Point | null} */
      const tip = share === null ? null : [between(place.px, at), between(place.py, at)];
      drawn.push({ i, run, vertex, tip });
      head.style.visibility = tip ? "visible" : "hidden";
      if (!tip) continue;
      heads[i] = { panel: "", at: tip };
      head.style.opacity = opacity(this.#hidden(place, at));
    }
    // The casings come first: that of a run would hide the line of another one beside it.
    for (const { run, vertex, tip } of drawn) {
      stroke(this.#over, run, vertex, tip, 0, [[run.casing.line, 1]]);
    }
    for (const { i, run, vertex, tip } of drawn) {
      const { line, opacity = 1 } = run.path;
      stroke(this.#over, run, vertex, tip, 1, [[line, opacity * HIDDEN]]);
      const dashes = this.#dashes[i];
      const whole = Math.min(dashes?.[3] ?? 0, vertex); // from there on
      if (dashes) stroke(this.#over, run, whole, null, 0, [[line, opacity]], 0, dashes);
      stroke(this.#over, run, vertex, tip, 0, [[line, opacity]], whole);
    }
    for (const each of this.#beside) this.#aside(each, clock);
    const open = outlined(heads, this.#fixed);
    for (const [i, { head, path }] of this.#runs.entries()) {
      const place = heads[i];
      if (place) putHead(head, place.at, open[i], path.line?.color ?? "");
    }
  }

  /**
   * Draw what stands beside a run up to the clock, over all paths.
   * @param {{ run: number, drawn: Run }} beside
   * @param {number} clock
   */
  #aside({ run, drawn }, clock) {
    const { times, fresh, pace, last, place, casing, path, head } = drawn;
    const { vertex, share } = reached(times, fresh, done(clock, pace, last));
    const at = vertex + (share ?? 0);
    const seen = share !== null && at > 0 && !this.#muted.has(run);
    head.style.visibility = seen ? "visible" : "hidden";
    if (vertex < 0 || this.#muted.has(run)) return;
    /** @type {Point | null} */
    const tip = seen ? [between(place.px, at), between(place.py, at)] : null;
    stroke(this.#over, drawn, vertex, tip, 0, [
      [casing.line, 1],
      [path.line, 1],
    ]);
    stroke(this.#over, drawn, vertex, tip, 1, [[path.line, HIDDEN]]);
    if (tip) stand(head, ...tip, this.#hidden(place, at));
  }

  /**
   * Show all runs but these.
   * @param {ReadonlySet<number>} muted
   */
  mute(muted) {
    const before = [...this.#muted].join();
    this.#muted = muted;
    if ([...muted].join() !== before) this.#look();
  }

  /** @param {CanvasRenderingContext2D} context */
  #clear(context) {
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.#size.width, this.#size.height);
  }

  /** @param {Spots} place */
  #project({ x, y, z, count, px, py }) {
    const { matrix } = this.#sight;
    for (let i = 0; i < count; i++) [px[i], py[i]] = pixel(matrix, this.#size, x[i], y[i], z[i]);
  }

  /**
   * Tell whether the surface hides a point, which may be between two.
   * @param {Spots} place
   * @param {number} i
   */
  #hidden({ x, y, z }, i) {
    if (!this.#relief) return 0;
    return hides(this.#relief, this.#sight.eye, between(x, i), between(y, i), between(z, i));
  }
}

/**
 * @param {SVGElement} node
 * @param {number} x
 * @param {number} y
 * @param {0 | 1} hidden
 */
function stand(node, x, y, hidden) {
  node.setAttribute("transform", `translate(${x.toFixed(2)},${y.toFixed(2)})`);
  node.style.opacity = opacity(hidden);
}

/** @param {0 | 1} hidden */
const opacity = (hidden) => String(hidden ? 2 * HIDDEN : 1);

/**
 * Draw a path up to a vertex, and on to a tip, where it is in sight (0) or behind the surface (1).
 * @param {CanvasRenderingContext2D} context
 * @param {Run} run
 * @param {number} last
 * @param {Point | null} tip
 * @param {0 | 1} sight
 * @param {[line: Line | undefined, opacity: number][]} styles The widest first.
 * @param {number} first The vertex from which on.
 * @param {Dashes | null} dashes
 */
function stroke(
  context,
  { place: { px, py }, fresh, behind },
  last,
  tip,
  sight,
  styles,
  first = 0,
  dashes = null,
) {
  context.beginPath();
  let down = false;
  for (let i = first + 1; i <= last + 1; i++) {
    const end = i <= last ? null : tip;
    const there = i <= last || (end !== null && i < px.length);
    const drawn = there && !fresh[i] && behind[i] === sight;
    if (drawn && !down) context.moveTo(px[i - 1], py[i - 1]);
    if (drawn) context.lineTo(...(end ?? [px[i], py[i]]));
    down = drawn;
  }
  context.lineJoin = "round";
  context.lineCap = dashes ? "butt" : "round";
  context.setLineDash(dashes ? dashes.slice(0, 2) : []);
  for (const [line, opacity] of styles) {
    Object.assign(context, { lineWidth: line?.width, strokeStyle: line?.color });
    context.globalAlpha = opacity;
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/**
 * @param {Trace} trace
 * @returns {Spots}
 */
function spots({ x, y, customdata: z = [] }) {
  const count = x.length;
  return { x, y, z, count, px: new Float64Array(count), py: new Float64Array(count) };
}
