// At the heads on a surface made by data: down the gradient of the batch that comes next, beside
// that of all samples, and where nine of ten batches lead.

import { arrow } from "./arrows.js";
import { done } from "./clock.js";
import { gradientOf, ofRun, shareOf } from "./fits.js";
import { batchOf } from "./orders.js";
import { write } from "./renew.js";
import { CLOUDED } from "./samples.js";

/** @import { Axis, Numbers, Point, Scene } from "./types.js" */

const SVG = "http://www.w3.org/2000/svg";
const LOOKS = 24; // places of a run by which its arrows are scaled
const [SHORT, USUAL, LONG] = [30, 60, 120]; // pixels of a usual arrow
const NINE_OF_TEN = Math.sqrt(-2 * Math.log(0.1)); // standard deviations, in two dimensions

/**
 * A run's path and the axes that it is drawn on.
 * @typedef {{ x: Numbers, y: Numbers, px: Axis, py: Axis, pace: number, casing: string }} Path
 */

/**
 * By how much arrows are drawn longer than rate x gradient, so that they are seen: 1, or a power of
 * ten or two or five times one.
 * @param {number[]} lengths Pixels of some arrows.
 */
export function factorOf(lengths) {
  const usual = [...lengths].sort((a, b) => a - b)[lengths.length >> 1] ?? 0;
  if (!(usual > 0) || (usual >= SHORT && usual <= LONG)) return 1;
  const exact = USUAL / usual;
  const power = 10 ** Math.floor(Math.log10(exact));
  const digit = [1, 2, 5, 10].findLast((each) => each * power <= exact * (1 + 1e-9)) ?? 1;
  return Number((digit * power).toPrecision(1));
}

/**
 * The half axes of the ellipse of a covariance [xx, xy, yy], each as a vector.
 * @param {number[]} covariance
 * @returns {[Point, Point]}
 */
export function axesOf([xx, xy, yy]) {
  const middle = (xx + yy) / 2;
  const root = Math.hypot((xx - yy) / 2, xy);
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const [long, short] = [middle + root, middle - root].map((each) => Math.sqrt(Math.max(0, each)));
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [
    [long * c, long * s],
    [-short * s, short * c],
  ];
}

/** The layer above the paths in which these arrows are drawn. */
export class GradientLayer {
  factor = 1;
  #svg = document.createElementNS(SVG, "svg");
  #drawn = "";

  /** @param {HTMLElement} before Where it is put in front of. */
  constructor(before) {
    this.#svg.setAttribute("class", "zz-arrows zz-gradients");
    this.#svg.setAttribute("aria-hidden", "true");
    before.before(this.#svg);
  }

  /**
   * Choose how long arrows are drawn, for the paths as they lie now.
   * @param {Scene} scene
   * @param {Path[]} paths
   */
  scale(scene, paths) {
    const { samples, batches, readings } = scene;
    /** @type {number[]} */
    const lengths = [];
    for (const [i, { x, y, px, py }] of paths.entries()) {
      const made = ofRun(samples, i);
      if (!made || !batches || !batched(scene, i)) continue;
      const { size, replacement } = batches.runs[i];
      const share = shareOf(batches.samples, size, replacement);
      for (let n = 0; n < LOOKS; n++) {
        const k = Math.floor((n * (x.length - 1)) / LOOKS);
        const { gradient, covariance } = gradientOf(made, x[k], y[k], null);
        const rate = rateOf(readings, i, k);
        const usual = gradient.map((g, j) => Math.hypot(g, Math.sqrt(share * covariance[2 * j])));
        lengths.push(rate * Math.hypot(usual[0] * perUnit(px), usual[1] * perUnit(py)));
      }
    }
    this.factor = factorOf(lengths);
  }

  /**
   * Draw those of the runs that are shown, at the clock.
   * @param {Scene} scene
   * @param {(Path & { run: number })[]} paths
   * @param {number} clock
   * @param {() => void} arrived Is called when a batch is known that was not.
   */
  draw(scene, paths, clock, arrived) {
    const parts = paths.flatMap((path) => this.#panel(scene, path, clock, arrived));
    const drawn = parts.join("");
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    write(this.#svg, drawn);
  }

  /**
   * @param {Scene} scene
   * @param {Path & { run: number }} path
   * @param {number} clock
   * @param {() => void} arrived
   */
  #panel(
    { samples, batches, readings, front },
    { run, x, y, px, py, pace, casing },
    clock,
    arrived,
  ) {
    const made = ofRun(samples, run);
    if (!made || !batches) return [];
    const k = done(clock, pace, x.length - 1);
    const rows = batchOf(batches, run, Math.min(k, Math.max(0, x.length - 2)), arrived);
    if (!rows) return [];
    const rate = this.factor * rateOf(readings, run, k);
    const at = (/** @type {number[]} */ [u, v]) =>
      /** @type {Point} */ ([px.toPixel(x[k] - rate * u), py.toPixel(y[k] - rate * v)]);
    const exact = gradientOf(made, x[k], y[k], null);
    const batch = gradientOf(made, x[k], y[k], rows);
    const { colour, replacement } = batches.runs[run];
    const share = shareOf(batches.samples, rows.length, replacement);
    const covariance = exact.covariance.map((each) => share * each);
    const axes = axesOf(covariance);
    const radius = Math.sqrt((covariance[0] + covariance[2]) / 2);
    const [here, tip] = [at([0, 0]), at(exact.gradient)];
    const ink = front.layout.font.color;
    const along = (/** @type {Point} */ [u, v]) =>
      /** @type {Point} */ ([u * rate * perUnit(px), -v * rate * perUnit(py)]);
    const clouds =
      batches.runs.length > CLOUDED
        ? []
        : [
            closed("zz-ball", tip, along([radius, 0]), along([0, radius]), ink),
            closed("zz-cloud", tip, along(axes[0]), along(axes[1]), colour),
          ];
    const found = [
      ...clouds,
      arrow(here, at(batch.gradient), colour, casing, "zz-batch"),
      arrow(here, tip, ink, casing, "zz-exact"),
    ];
    const size = `x="${px.offset}" y="${py.offset}" width="${px.length}" height="${py.length}"`;
    return [`<svg ${size}>${found.join("")}</svg>`];
  }
}

/**
 * Tell whether gradients are to be drawn, and a run's batches are less than all samples.
 * @param {Scene} scene
 * @param {number} run
 */
export const batched = ({ batches }, run) =>
  Boolean(batches?.arrows && batches.runs[run].size < batches.samples);

/**
 * The rate of an update of a run; after the last, of that.
 * @param {Scene["readings"]} readings
 * @param {number} run
 * @param {number} k
 */
function rateOf({ runs }, run, k) {
  const { rate } = runs[run];
  return typeof rate === "number" ? rate : (rate[Math.min(k, rate.length - 1)] ?? 0);
}

/**
 * Pixels of a unit of an axis.
 * @param {Axis} axis
 */
const perUnit = ({ length, range }) => length / (range[1] - range[0]);

/**
 * An ellipse about a point, of half axes of one standard deviation.
 * @param {string} name
 * @param {Point} middle
 * @param {Point} a
 * @param {Point} b
 * @param {string} colour
 */
function closed(name, [x, y], a, b, colour) {
  const points = Array.from({ length: 48 }, (_, i) => {
    const [c, s] = [Math.cos, Math.sin].map((of) => NINE_OF_TEN * of((2 * Math.PI * i) / 48));
    return `${(x + c * a[0] + s * b[0]).toFixed(1)},${(y + c * a[1] + s * b[1]).toFixed(1)}`;
  });
  return `<path class="${name}" d="M${points.join("L")}Z" stroke="${colour}" fill="${colour}"/>`;
}
