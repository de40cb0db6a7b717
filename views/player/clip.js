// Paths that run far out of the frame, cut so that the drawn line is as long as the data's.

/** @import { Numbers, Point, Range } from "./types.js" */
/** @typedef {[left: number, right: number, low: number, high: number]} Box */

/**
 * Cut a path to a box of seven frames, which Plotly draws exactly, and say where each step lies.
 *
 * Plotly moves points that are many screens away, and then the length of the drawn line is not
 * that of the data. Within the frame the cut path is the given one; what runs outside the box is
 * led along its border. Returns vertices x, y and, for every given point, the index of the vertex
 * at which the line has reached it.
 * @param {Numbers} x
 * @param {Numbers} y
 * @param {Range} xs The frame.
 * @param {Range} ys
 * @returns {{ x: Numbers, y: Numbers, at: Uint32Array }}
 */
export function clip(x, y, [x0, x1], [y0, y1]) {
  const [wide, high] = [3 * (x1 - x0), 3 * (y1 - y0)];
  /** @type {Box} */
  const box = [x0 - wide, x1 + wide, y0 - high, y1 + high];
  /** @type {(i: number) => boolean} */
  const inside = (i) => x[i] >= box[0] && x[i] <= box[1] && y[i] >= box[2] && y[i] <= box[3];
  const within = Array.from(x, (_, i) => inside(i));
  if (within.every(Boolean)) return { x, y, at: Uint32Array.from(x, (_, i) => i) };
  /** @type {{ x: number[], y: number[], at: Uint32Array }} */
  const out = { x: [], y: [], at: new Uint32Array(x.length) };
  /** @type {(point: Point) => void} */
  const add = ([px, py]) => {
    out.x.push(px);
    out.y.push(py);
  };
  for (let i = 0; i < x.length; i++) {
    const here = nearest(x[i], y[i], box);
    if (i && !(within[i] && within[i - 1])) {
      const crossing = cross([x[i - 1], y[i - 1]], [x[i], y[i]], box);
      if (crossing) crossing.forEach(add);
      else {
        const corner = between(nearest(x[i - 1], y[i - 1], box), here, box);
        if (corner) add(corner);
      }
    }
    add(here);
    out.at[i] = out.x.length - 1;
  }
  return out;
}

/**
 * The two points between which the line from a to b is inside the box, or null (Liang and Barsky).
 * @param {Point} a
 * @param {Point} b
 * @param {Box} box
 * @returns {[Point, Point] | null}
 */
export function cross([ax, ay], [bx, by], [left, right, low, high]) {
  const [dx, dy] = [bx - ax, by - ay];
  let [enter, leave] = [0, 1];
  for (const [p, q] of [
    [-dx, ax - left],
    [dx, right - ax],
    [-dy, ay - low],
    [dy, high - ay],
  ]) {
    if (p === 0 && q < 0) return null;
    if (p < 0) enter = Math.max(enter, q / p);
    if (p > 0) leave = Math.min(leave, q / p);
  }
  if (enter > leave) return null;
  return [
    [ax + enter * dx, ay + enter * dy],
    [ax + leave * dx, ay + leave * dy],
  ];
}

/**
 * The point of the box that is nearest to (x, y).
 * @param {number} x
 * @param {number} y
 * @param {Box} box
 * @returns {Point}
 */
function nearest(x, y, [left, right, low, high]) {
  return [Math.min(Math.max(x, left), right), Math.min(Math.max(y, low), high)];
}

/**
 * The corner by which a line outside the box goes from border to border without crossing it.
 * @param {Point} a
 * @param {Point} b
 * @param {Box} box
 * @returns {Point | undefined}
 */
function between(a, b, [left, right, low, high]) {
  /** @type {Point[]} */
  const corners = [
    [a[0], b[1]],
    [b[0], a[1]],
  ];
  return corners.find(([x, y]) => (x === left || x === right) && (y === low || y === high));
}
