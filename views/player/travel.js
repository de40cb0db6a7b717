// How far a path has come when the clock shows a time.

/** @import { Numbers } from "./types.js" */

/**
 * How far a path has come by a time: up to which vertex, and which share of the way to the next.
 *
 * A path may be drawn in pieces. Before the first piece, and between the end of one and the start
 * of the next, there is no tip: `share` is null.
 * @param {Numbers} times When each vertex is reached, ascending.
 * @param {Numbers} fresh 1 for a vertex that starts a piece.
 * @param {number} now
 * @returns {{ vertex: number, share: number | null }}
 */
export function reached(times, fresh, now) {
  let after = times.length;
  for (let low = 0; low < after; ) {
    const middle = (low + after) >> 1;
    if (times[middle] <= now) low = middle + 1;
    else after = middle;
  }
  const vertex = after - 1;
  if (vertex < 0) return { vertex, share: null };
  if (times[vertex] === now) return { vertex, share: 0 };
  if (after === times.length || fresh[after]) return { vertex, share: null };
  return { vertex, share: (now - times[vertex]) / (times[after] - times[vertex]) };
}

/**
 * The length of a line up to each of its points.
 * @param {number} count Of its points.
 * @param {(i: number) => number} left Where it is.
 * @param {(i: number) => number} top
 */
export function lengths(count, left, top) {
  const found = new Float64Array(count);
  for (let i = 1, x = left(0), y = top(0); i < count; i++) {
    const [x0, y0] = [x, y];
    x = left(i);
    y = top(i);
    found[i] = found[i - 1] + Math.sqrt((x - x0) ** 2 + (y - y0) ** 2);
  }
  return found;
}

/**
 * Values between their entries, linearly.
 * @param {Numbers} values
 * @param {number} i
 */
export function between(values, i) {
  const k = Math.floor(i);
  return i === k ? values[k] : values[k] + (values[k + 1] - values[k]) * (i - k);
}
