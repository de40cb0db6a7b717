// What would hide what. Runs are compared by being seen, so a line over another run's line is drawn
// in dashes, and a head over a mark or over another head as its outline.

import { between, lengths } from "./travel.js";

/** @import { Numbers, Point } from "./types.js" */

/**
 * A line in pixels: `count` points.
 * @typedef {{ x: Numbers, y: Numbers, count: number }} Line
 */

/**
 * Dashes and gaps in pixels, and how far a line has them: in pixels, and in points of it.
 * @typedef {[on: number, off: number, until: number, points: number]} Dashes
 */

/** @typedef {{ panel: string, at: Point }} Spot In pixels of a panel. */

/** The names of traces of marks that no head may hide. */
export const MARKS = /^(minima|moved)/;

const NEAR = 2; // pixels between two lines of which only the upper one is seen
const SHORTEST = 30; // pixels of a line that more is seen of than its head
const SAMPLES = 40; // points of a line that are looked at
const FIRST = 5; // one of so many of them comes before the others
const MOSTLY = 0.6; // of them: what hides these hides the line
const SEEN = 0.5; // of them: so many may stay hidden where the others are seen
const PERIOD = 18; // pixels of a dash and a gap
const [ON_MARK, ON_HEAD] = [12, 8]; // pixels from a head to a mark or a head that it would hide

/**
 * The dashes through which lines show those that lie under them for the most part; null for a line that is
 * whole. A line over a dashed one has the shorter dashes, so that both show what they lie on.
 * @param {(Line | null)[]} lines The lower ones first; null for one that is not drawn.
 * @returns {(Dashes | null)[]}
 */
export function dashed(lines) {
  const depth = lines.map(() => 0);
  const last = lines.map(() => 0); // the point of each up to which it lies on another one
  const along = lines.map((line) => (line && line.count > 1 ? long(line) : null));
  for (const [low, line] of lines.entries()) {
    const length = along[low];
    if (!line || !length || length[line.count - 1] < SHORTEST) continue;
    const above = [...lines.keys()].filter((i) => i > low && along[i]);
    const points = spread(line, length);
    /** @type {(some: Point[]) => number[][]} */
    const on = (some) =>
      above.map((i) => {
        const [upper, far] = [/** @type {Line} */ (lines[i]), /** @type {Numbers} */ (along[i])];
        return some.map((point) => lies(point, upper, far));
      });
    if (share(on(points.filter((_, k) => k % FIRST === 0))) < MOSTLY) continue;
    let at = on(points);
    if (share(at) < MOSTLY) continue;
    // Those that hide the most of it, until half of it is seen between dashes.
    for (let whole = above; share(at) > SEEN; ) {
      const parts = at.map((each) => share([each]));
      const k = parts.indexOf(Math.max(...parts));
      const most = whole[k];
      depth[most] = Math.max(depth[most], depth[low] + 1);
      last[most] = Math.max(last[most], ...at[k]);
      whole = whole.filter((i) => i !== most);
      at = at.filter((_, i) => i !== k);
    }
  }
  return lines.map((line, i) => {
    const [d, length] = [depth[i], along[i]];
    if (!line || !length || !d) return null;
    return [PERIOD / (d + 1), (PERIOD * d) / (d + 1), length[last[i]], last[i]];
  });
}

/**
 * The share of points that one line or another hides.
 * @param {number[][]} at Of each line, what it has at each point: see `lies`.
 */
function share(at) {
  const count = at[0]?.length ?? 0;
  let found = 0;
  for (let k = 0; k < count; k++) found += Number(at.some((each) => each[k] > 0));
  return count ? found / count : 0;
}

/**
 * How long a line is up to each of its points.
 * @param {Line} line
 */
const long = ({ x, y, count }) =>
  lengths(
    count,
    (i) => x[i],
    (i) => y[i],
  );

/**
 * Points at equal distances along a line.
 * @param {Line} line
 * @param {Numbers} along How long it is up to each of its points.
 * @returns {Point[]}
 */
function spread({ x, y, count }, along) {
  const each = along[count - 1] / SAMPLES;
  /** @type {Point[]} */
  const found = [];
  for (let i = 1, k = 0; k < SAMPLES; k++) {
    const wanted = (k + 0.5) * each;
    while (i < count - 1 && along[i] < wanted) i++;
    const step = along[i] - along[i - 1];
    const at = i - 1 + (step ? (wanted - along[i - 1]) / step : 0);
    found.push([between(x, at), between(y, at)]);
  }
  return found;
}

/**
 * The point of a line at the end of the first piece that another point lies on, or all but; 0 where
 * it lies on none.
 * @param {Point} point
 * @param {Line} line
 * @param {Numbers} along How long it is up to each of its points.
 */
function lies([left, top], { x, y, count }, along) {
  for (let i = 1; i < count; ) {
    const right = x[i] - x[i - 1];
    const down = y[i] - y[i - 1];
    const u = left - x[i - 1];
    const v = top - y[i - 1];
    const square = right * right + down * down;
    const t = square ? Math.max(0, Math.min(1, (u * right + v * down) / square)) : 0;
    if ((u - t * right) ** 2 + (v - t * down) ** 2 <= NEAR * NEAR) return i;
    // A line that is far away here is no nearer before it is that much longer.
    const safe = along[i] + Math.hypot(left - x[i], top - y[i]) - NEAR;
    i++;
    while (i < count && along[i] < safe) i++;
  }
  return 0;
}

/**
 * Tell of each head whether it would hide a mark, or another head.
 * @param {(Spot | null)[]} heads Null for one that is not drawn.
 * @param {Spot[]} marks
 */
export function outlined(heads, marks) {
  return heads.map((head) => {
    if (!head) return false;
    const near = (/** @type {Spot | null} */ spot, /** @type {number} */ reach) =>
      spot !== null &&
      spot !== head &&
      spot.panel === head.panel &&
      Math.hypot(spot.at[0] - head.at[0], spot.at[1] - head.at[1]) < reach;
    return marks.some((mark) => near(mark, ON_MARK)) || heads.some((each) => near(each, ON_HEAD));
  });
}

/**
 * Put a head, whole or as an outline, which is larger, so that there is room in it.
 * @param {SVGElement} node
 * @param {Point} at
 * @param {boolean} outline
 * @param {string} colour
 */
export function putHead(node, [left, top], outline, colour) {
  const place = `translate(${left},${top})${outline ? " scale(1.3)" : ""}`;
  if (node.getAttribute("transform") !== place) node.setAttribute("transform", place);
  if (node.classList.contains("zz-outline") === outline) return;
  node.style.setProperty("--run", colour);
  node.classList.toggle("zz-outline", outline);
}
