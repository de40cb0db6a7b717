// The labels of the axes in space, written along the edges that face the reader.

/** @import { Layout, Point, Range } from "./types.js" */

const EDGE = 14; // pixels from an axis to its labels, and at least between them
const AXES = /** @type {const} */ (["xaxis", "yaxis", "zaxis"]);

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Layout} layout Of the surface; its `meta` names the axes.
 * @param {[Range, Range, Range]} ranges
 * @param {number[]} eye
 * @param {(x: number, y: number, z: number) => Point} pixel
 */
export function writeTicks(context, layout, ranges, eye, pixel) {
  const middle = ranges.map(([low, high]) => (low + high) / 2);
  const near = [0, 1].map((i) => ranges[i][eye[i] > middle[i] ? 1 : 0]);
  const far = [0, 1].map((i) => 2 * middle[i] - near[i]);
  const [, , [bottom, top]] = ranges;
  // The loss stands at the one of the two outer edges that is on the left.
  const outer = [
    [near[0], far[1]],
    [far[0], near[1]],
  ];
  const [[x, y]] = outer.sort(
    (a, b) => pixel(a[0], a[1], bottom)[0] - pixel(b[0], b[1], bottom)[0],
  );
  const edges = [
    (/** @type {number} */ value) => pixel(value, near[1], bottom),
    (/** @type {number} */ value) => pixel(near[0], value, bottom),
    (/** @type {number} */ value) => pixel(x, y, value),
  ];
  const centre = pixel(middle[0], middle[1], middle[2]);
  /** @type {Point[]} */
  const written = [];
  /** @type {(text: string, at: Point, away: number, direction: Point) => void} */
  const write = (text, [left, down], away, [dx, dy]) => {
    const length = Math.hypot(dx, dy) || 1;
    /** @type {Point} */
    const spot = [left + (away * dx) / length, down + (away * dy) / length];
    // A number that leaves the picture at the left would be another one.
    if (context.textAlign === "right") {
      spot[0] = Math.max(spot[0], context.measureText(text).width + 2);
    }
    if (written.some((other) => Math.hypot(spot[0] - other[0], spot[1] - other[1]) < EDGE)) return;
    written.push(spot);
    context.fillText(text, ...spot);
  };
  context.textBaseline = "middle";
  AXES.forEach((name, i) => {
    const flat = i < 2;
    const { tickvals, ticktext } = layout.scene[name];
    /** @type {(at: Point) => Point} */
    const outward = ([left, down]) => [left - centre[0], down - centre[1]];
    context.textAlign = flat ? "center" : "right";
    for (const [k, value] of tickvals.entries()) {
      const spot = edges[i](value);
      write(ticktext[k], spot, flat ? EDGE : EDGE / 2, flat ? outward(spot) : [-1, 0]);
    }
    const end = edges[i](flat ? middle[i] : top);
    write(layout.meta[i], end, flat ? 2.6 * EDGE : EDGE, flat ? outward(end) : [0, -1]);
  });
}
