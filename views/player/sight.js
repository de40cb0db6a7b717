// How points in space are seen: at which pixel, and whether the surface hides them.

/** @import { Numbers, Point, Size, Trace } from "./types.js" */
/** @import { Matrices } from "./plot.js" */

const LIFT = 0.015; // of the box's height: what is hidden by less lies on the surface

/**
 * From the surface's units to pixels, and where the eye is.
 * @typedef {{ matrix: number[], eye: number[] }} Sight
 */

/**
 * The surface's heights over a regular grid: of each side its start and the cells per unit.
 * @typedef {{ z: Numbers[], x: Point, y: Point, top: number, lift: number }} Relief
 */

/**
 * @param {Matrices} matrices
 * @returns {Sight}
 */
export function aim({ projection, view, model, scale }) {
  const matrix = product(projection, product(view, model)).map((value, i) =>
    i < 12 ? value * scale[i >> 2] : value,
  );
  // The view turns and shifts, the model stretches each axis and shifts: both are easy to undo.
  const eye = [0, 1, 2].map((i) => {
    let sum = 0;
    for (let k = 0; k < 3; k++) sum -= view[4 * i + k] * view[12 + k];
    return (sum - model[12 + i]) / model[5 * i] / scale[i];
  });
  return { matrix, eye };
}

/**
 * The pixel of a point.
 * @param {number[]} m The matrix, column by column.
 * @param {Size} size Of the picture.
 * @param {number} x
 * @param {number} y
 * @param {number} z
 * @returns {Point}
 */
export function pixel(m, { width, height }, x, y, z) {
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  return [
    (0.5 + (m[0] * x + m[4] * y + m[8] * z + m[12]) / w / 2) * width,
    (0.5 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w / 2) * height,
  ];
}

/**
 * The relief of a drawn surface.
 * @param {Trace} surface
 * @param {[number, number]} range Of the axis of heights.
 * @returns {Relief}
 */
export function relief({ x, y, z }, [bottom, top]) {
  /** @type {(values: Numbers) => Point} */
  const side = (values) => {
    const last = values.length - 1;
    return [values[0], last / (values[last] - values[0])];
  };
  return { z: z ?? [], x: side(x), y: side(y), top, lift: LIFT * (top - bottom) };
}

/**
 * Tell whether the surface is between the eye and a point, which lies on the surface or above it.
 * @param {Relief} relief
 * @param {number[]} eye
 * @param {number} x
 * @param {number} y
 * @param {number} z
 * @returns {0 | 1}
 */
export function hides({ z: rows, x: [x0, wide], y: [y0, high], top, lift }, eye, x, y, z) {
  const last = rows.length - 1;
  /** @type {(column: number, row: number) => number} */
  const height = (column, row) => {
    const [c, r] = [Math.min(Math.floor(column), last - 1), Math.min(Math.floor(row), last - 1)];
    const [s, t] = [column - c, row - r];
    const [here, next] = [rows[r], rows[r + 1]];
    return (
      (1 - t) * ((1 - s) * here[c] + s * here[c + 1]) + t * ((1 - s) * next[c] + s * next[c + 1])
    );
  };
  let [column, row, level] = [(x - x0) * wide, (y - y0) * high, z];
  const dx = (eye[0] - x0) * wide - column;
  const dy = (eye[1] - y0) * high - row;
  const dz = eye[2] - level;
  const step = 1 / Math.max(Math.abs(dx), Math.abs(dy), 1); // one cell of the grid
  for (let t = 0; t < 1; t += step) {
    if (column < 0 || row < 0 || column > last || row > last || level > top) return 0;
    const ground = height(column, row);
    if (t === 0) level = Math.max(level, ground);
    else if (ground > level + lift) return 1;
    [column, row, level] = [column + step * dx, row + step * dy, level + step * dz];
  }
  return 0;
}

/**
 * The product of two 4 x 4 matrices, column by column.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function product(a, b) {
  return Array.from({ length: 16 }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += a[4 * k + (i % 4)] * b[4 * (i >> 2) + k];
    return sum;
  });
}
