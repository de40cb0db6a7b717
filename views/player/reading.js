// What is read at a place of the picture: of a path, or of the ground.

import { number } from "./numbers.js";
import { filled, tr } from "./texts.js";
import { between } from "./travel.js";

/** @import { Axis, Losses, LossScale, Numbers, Readings, Scene, Trace } from "./types.js" */

const REACH = 16; // pixels around a point of a path

/**
 * What is read, and where, in pixels; of the ground there is no run, and of no update no rate.
 * @typedef {object} Reading
 * @property {number | null} run
 * @property {number | null} k Updates done.
 * @property {number} x
 * @property {number} y
 * @property {number} loss
 * @property {number | null} rate Of the update that led there; at the start, of the first.
 * @property {number} left
 * @property {number} top
 */

/**
 * The nearest point of a path up to one of its points, or null if none is near.
 * @param {{ x: Numbers, y: Numbers, px: Axis, py: Axis }} path
 * @param {number} left Pixels in its panel.
 * @param {number} top
 * @param {number} last
 * @returns {{ k: number, away: number } | null}
 */
export function nearest({ x, y, px, py }, left, top, last) {
  if (left < -REACH || left > px.length + REACH) return null;
  let found = null;
  let least = REACH;
  for (let k = 0; k <= last && k < x.length; k++) {
    const away = Math.hypot(px.toPixel(x[k]) - left, py.toPixel(y[k]) - top);
    if (away <= least) {
      least = away;
      found = { k, away };
    }
  }
  return found;
}

/**
 * The loss at a point, between the points of the contours' grid.
 * @param {Trace} contour
 * @param {LossScale} scale
 * @param {number} x
 * @param {number} y
 */
export function lossAt({ x0, dx = 1, y0, dy, z = [] }, { centre, width }, x, y) {
  const most = z.length - 1;
  const at = (
    /** @type {number} */ value,
    /** @type {unknown} */ low,
    /** @type {unknown} */ step,
  ) => Math.max(0, Math.min(most, (value - Number(low)) / Number(step)));
  const [column, row] = [at(x, x0, dx), at(y, y0, dy)];
  const low = Math.min(Math.floor(row), most - 1);
  const rows = [z[low], z[low + 1]].map((values) => between(values, column));
  const height = rows[0] + (rows[1] - rows[0]) * (row - low);
  return centre + width * Math.sinh(height * Math.LN10);
}

/**
 * The loss of a run after so many updates; past its end the last.
 * @param {Pick<Readings, "width"> & { runs: Losses[] }} readings
 * @param {number} run
 * @param {number} k
 */
export function lossOf({ width, runs }, run, k) {
  const { loss, height = [], centre = 0 } = runs[run];
  const values = loss ?? height;
  const value = values[Math.min(k, values.length - 1)];
  if (loss) return value;
  return centre + (width === null ? 10 ** value : width * Math.sinh(value * Math.LN10));
}

/**
 * A reading in words, a line each.
 * @param {Reading} reading
 * @param {Scene} scene
 */
export function said({ run, k, x, y, loss, rate }, { marks, labels }) {
  const text = (/** @type {number} */ value) => number(value, 3, marks);
  const values = { x: text(x), y: text(y), loss: text(loss), step: k ?? 0 };
  const place = filled(tr("x {x}, y {y}"), values);
  // The ground has a gap wherever its loss is not finite, be there no value or an infinite one.
  if (run === null && Number.isNaN(loss)) return [tr("no finite loss here"), place];
  const height = filled(tr("loss {loss}"), values);
  if (run === null) return [height, place];
  const update = filled(tr("update {step}"), values);
  const head = `${labels[run]}: ${update}`;
  const pace = rate === null ? [] : [filled(tr("rate {rate}"), { rate: text(rate) })];
  return [head, height, place, ...pace];
}
