// The arrows at the heads: what the next step is made of, tip to tail, to the next point of the path.

import { write } from "./renew.js";

/** @import { Axis, Point, Steps } from "./types.js" */

const SHORTEST = 8; // pixels
const HEAD = { length: 10, half: 5 };
const BESIDE = 9; // pixels from a run's head, in which its first arrow is not drawn
const SVG = "http://www.w3.org/2000/svg";
const ROOM_FOR_NAMES = 450; // pixels of a panel's width
const AWAY = 10; // pixels from a tip to its name
const LETTER = 7.2; // pixels of width, about, of a name's letters
const LINE = 18; // pixels of a line of letters
const BASE = 0.75; // of a line: from its top to the foot of its letters
const WORD = 64; // pixels of the word at a mark of the ground

/**
 * One run's arrows as they can be drawn: where its path and the ends of its first arrows are.
 * @typedef {object} Arrows
 * @property {Steps} steps
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y
 * @property {Axis} px
 * @property {Axis} py
 * @property {string[]} colours Of one arrow, and of those before the last: the run's.
 * @property {string} casing
 */

/**
 * The place of a line of letters, in pixels of the panel.
 * @typedef {{ left: number, top: number, wide: number }} Line
 */

/**
 * The corners that the arrows of a step go through, in pixels of the panel: its point, the end of
 * the first arrow if there are two, and the next point; empty at the end of the path.
 * @param {Pick<Arrows, "steps" | "x" | "y" | "px" | "py">} run
 * @param {number} k
 * @returns {Point[]}
 */
export function corners({ steps, x, y, px, py }, k) {
  if (k + 1 >= x.length) return [];
  const at = (/** @type {number} */ a, /** @type {number} */ b) =>
    /** @type {Point} */ ([px.toPixel(a), py.toPixel(b)]);
  const ends = [at(x[k], y[k]), at(x[k + 1], y[k + 1])];
  if (steps.x && steps.y) ends.splice(1, 0, at(steps.x[k], steps.y[k]));
  return ends;
}

/** The layer above the paths in which arrows are drawn, one group for each run. */
export class ArrowLayer {
  #svg = document.createElementNS(SVG, "svg");
  #drawn = ""; // what is drawn now

  /** @param {HTMLElement} before Where it is put in front of. */
  constructor(before) {
    this.#svg.setAttribute("class", "zz-arrows");
    this.#svg.setAttribute("aria-hidden", "true");
    before.before(this.#svg);
  }

  /**
   * Draw the arrows of the runs, each at one of its steps.
   * @param {(Arrows & { k: number, words: Point[] })[]} runs With places in pixels of their panel,
   *   above which a word stands.
   * @param {boolean} named Whether there is time to read names.
   */
  draw(runs, named) {
    const parts = runs.flatMap((run) => this.#panel(run, named));
    const drawn = parts.join("");
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    write(this.#svg, drawn);
  }

  /**
   * @param {Arrows & { k: number, words: Point[] }} run
   * @param {boolean} named
   */
  #panel(run, named) {
    const { px, py, steps, colours, casing, words } = run;
    const points = corners(run, run.k);
    const found = [];
    const names = [];
    const taken = words.map(([x, y]) => ({ left: x - WORD / 2, top: y - 2 * LINE, wide: WORD }));
    for (let i = 1; i < points.length; i++) {
      const [from, to] = [points[i - 1], points[i]];
      const [right, down] = [to[0] - from[0], to[1] - from[1]];
      if (Math.hypot(right, down) < SHORTEST) continue;
      const colour = colours[i === points.length - 1 ? 0 : 1];
      found.push(arrow(from, to, colour, casing, "zz-arrow", i === 1 ? BESIDE : 0));
      if (!named || px.length < ROOM_FOR_NAMES) continue;
      const after = points[i + 1];
      // The name of an arrow that another one goes on from keeps out of the way of that one.
      const above = after ? after[1] >= to[1] : down < 0;
      names.push(name(steps.names[i - 1], to, above, px.length, colours[0], casing, taken));
    }
    if (!found.length) return [];
    const size = `x="${px.offset}" y="${py.offset}" width="${px.length}" height="${py.length}"`;
    return [`<svg ${size}>${found.join("")}${names.join("")}</svg>`];
  }
}

/**
 * An arrow as SVG; one without length is nothing.
 * @param {Point} from
 * @param {Point} to
 * @param {string} colour
 * @param {string} casing
 * @param {string} [kind] Its class.
 * @param {number} [free] Pixels at its beginning that stay free.
 */
export function arrow(from, to, colour, casing, kind = "zz-arrow", free = 0) {
  const [right, down] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(right, down);
  if (!length) return "";
  const [u, v] = [right / length, down / length];
  const neck = Math.min(HEAD.length, 0.6 * length);
  const [x, y] = [to[0] - neck * u, to[1] - neck * v];
  const half = (HEAD.half * neck) / HEAD.length;
  const start = Math.min(free, length - neck);
  const line = `M${xy([from[0] + start * u, from[1] + start * v])}L${xy([x, y])}`;
  const head = `M${xy(to)}L${xy([x - half * v, y + half * u])}L${xy([x + half * v, y - half * u])}Z`;
  return (
    `<path d="${line}${head}" fill="none" stroke="${casing}" stroke-width="5.4" stroke-linejoin="round"/>` +
    `<path class="${kind}" data-from="${xy(from)}" data-to="${xy(to)}" d="${line}" stroke="${colour}" stroke-width="2.8"/>` +
    `<path d="${head}" fill="${colour}"/>`
  );
}

/**
 * Where a name stands beside a tip, clear of what is `taken` if it can be; it then is taken too.
 * @param {number} letters Of the name.
 * @param {Point} tip
 * @param {boolean} above Whether that is its place where nothing is in the way.
 * @param {number} width Of the panel.
 * @param {Line[]} taken
 * @returns {Line & { anchor: string }}
 */
export function placed(letters, [x, y], above, width, taken) {
  const wide = LETTER * letters;
  const before = x + AWAY + wide > width;
  const places = [above, !above].flatMap((up) =>
    [before, !before].map((left) => ({
      left: left ? x - AWAY - wide : x + AWAY,
      top: y + (up ? -AWAY : AWAY + 6) - BASE * LINE,
      wide,
      anchor: left ? "end" : "start",
    })),
  );
  const parted = (/** @type {Line} */ a, /** @type {Line} */ b) =>
    Math.abs(a.top - b.top) >= LINE || a.left + a.wide <= b.left || b.left + b.wide <= a.left;
  const clear = (/** @type {Line} */ place) =>
    place.left >= 0 && place.left + wide <= width && taken.every((other) => parted(place, other));
  const found = places.find(clear) ?? places[0];
  taken.push(found);
  return found;
}

/**
 * @param {string} text
 * @param {Point} tip
 * @param {boolean} above
 * @param {number} width Of the panel.
 * @param {string} ink
 * @param {string} casing
 * @param {Line[]} taken
 */
function name(text, tip, above, width, ink, casing, taken) {
  const { left, top, wide, anchor } = placed(text.length, tip, above, width, taken);
  const node = document.createElementNS(SVG, "text");
  node.textContent = text;
  const place = { x: anchor === "end" ? left + wide : left, y: top + BASE * LINE };
  const look = { fill: ink, stroke: casing, "text-anchor": anchor };
  for (const [key, value] of Object.entries({ ...place, ...look })) {
    node.setAttribute(key, String(value));
  }
  return node.outerHTML;
}

/** @param {Point} point */
const xy = ([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`;
