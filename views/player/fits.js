// What the weights of a surface made by data make of a sample, and how its loss changes with them.

/** @import { Batches, Samples } from "./types.js" */

/**
 * What is fitted to a sample of features f and g, and its derivatives by x and y.
 * @typedef {(x: number, y: number, f: number, g: number) => [fit: number, byX: number, byY: number]} Fit
 */

/** @type {Record<string, Fit>} By their formulas, as the surfaces have them. */
export const FITS = {
  "x * f + y": (x, y, f) => [x * f + y, f, 1],
  "x * f + y * g": (x, y, f, g) => [x * f + y * g, f, g],
  "x * tanh(y * f)": (x, y, f) => {
    const h = Math.tanh(y * f);
    return [x * h, h, x * f * (1 - h * h)];
  },
  "sin(x * f + y)": (x, y, f) => {
    const slope = Math.cos(x * f + y);
    return [Math.sin(x * f + y), f * slope, slope];
  },
};

/**
 * How far the fit of a sample is off: by this its derivatives are multiplied in the gradient.
 * @param {number} fit
 * @param {number} label
 * @param {boolean} classes
 */
export const errorOf = (fit, label, classes) => (classes ? 1 / (1 + Math.exp(-fit)) : fit) - label;

/**
 * The mean gradient of some samples, or of all, with the covariance of one.
 * @param {Samples} samples
 * @param {number} x
 * @param {number} y
 * @param {ArrayLike<number> | null} rows
 */
export function gradientOf({ fit, features, labels, classes }, x, y, rows) {
  const model = FITS[fit];
  const [first, second = first] = features;
  const count = rows?.length ?? labels.length;
  const sums = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const row = rows ? rows[i] : i;
    const [value, byX, byY] = model(x, y, first[row], second[row]);
    const error = errorOf(value, labels[row], classes);
    const [u, v] = [error * byX, error * byY];
    sums[0] += u;
    sums[1] += v;
    sums[2] += u * u;
    sums[3] += u * v;
    sums[4] += v * v;
  }
  const [u, v, uu, uv, vv] = sums.map((sum) => sum / count);
  return { gradient: [u, v], covariance: [uu - u * u, uv - u * v, vv - v * v] };
}

/**
 * The share of the covariance of one sample's gradient that a batch's has, which is drawn with
 * replacement or without.
 * @param {number} samples
 * @param {number} size
 * @param {boolean} replacement
 */
export const shareOf = (samples, size, replacement) =>
  replacement ? 1 / size : (samples - size) / (size * (samples - 1));

/**
 * Where a batch lies in the orders of its epochs: the epoch, and which part of its order.
 * @param {Batches} batches
 * @param {number} run
 * @param {number} k The update that takes it, from 0.
 */
export function batchBounds({ samples, runs }, run, k) {
  const { size, updates } = runs[run];
  const begin = (k % updates) * size;
  return { epoch: Math.floor(k / updates), begin, end: Math.min(begin + size, samples) };
}

/**
 * A fit with its weights as numbers: "0.18 f + 3.6".
 * @param {string} fit
 * @param {(value: number) => string} text
 * @param {number} x
 * @param {number} y
 */
export const written = (fit, text, x, y) =>
  fit
    .replace(/\bx\b/, text(x))
    .replace(/\by\b/, text(y))
    .replaceAll(" * ", " ")
    .replace("+ \u2212", "\u2212 ");

/**
 * The points of a fitted curve from one feature to another.
 * @param {string} fit
 * @param {number} x
 * @param {number} y
 * @param {[number, number]} side
 * @returns {[number, number][]}
 */
export function curveOf(fit, x, y, [low, high]) {
  const count = fit === "x * f + y" ? 1 : 96;
  return Array.from({ length: count + 1 }, (_, i) => {
    const f = low + ((high - low) * i) / count;
    return [f, FITS[fit](x, y, f, 0)[0]];
  });
}

/**
 * The ends, in a frame, of the line on which the fit of two features is 0; none for weights of 0.
 * @param {number} x
 * @param {number} y
 * @param {[number, number][]} sides
 * @returns {[number, number][]}
 */
export function boundaryOf(x, y, [[f0, f1], [g0, g1]]) {
  const length = Math.hypot(x, y);
  if (!length) return [];
  const reach = Math.hypot(f1 - f0, g1 - g0) + Math.hypot(f0, f1, g0, g1);
  const [u, v] = [(-y / length) * reach, (x / length) * reach];
  return [
    [-u, -v],
    [u, v],
  ];
}

/**
 * The samples of a run: those of all runs, or its own; nothing where none make the surface, or
 * where their formula is not one of FITS.
 * @param {Samples[]} samples
 * @param {number} run
 * @returns {Samples | undefined}
 */
export function ofRun(samples, run) {
  const found = samples[run] ?? samples[0];
  return found && found.fit in FITS ? found : undefined;
}
