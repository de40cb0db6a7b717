// How large things are and where they lie; nothing here touches the page.

/** @import { Arrangement, AxisLayout, Figure, Layout, Size, Sizes } from "./types.js" */

const CURVE = [150, 290]; // pixels of the curve's height, at least and at most
const SHARE = 0.215; // of the window, where the page's style says no other
const NARROW = 700; // pixels of a page that has no room for samples beside its panels
const PHONE = 640; // pixels of width, on which panels leave room for all that stands below

/**
 * The height of the curve, which the panels share a window with.
 * @param {number} window Its height.
 * @param {number} share Of the window.
 */
export const curveHeight = (window, share) =>
  Math.round(Math.min(Math.max(window * (share || SHARE), CURVE[0]), CURVE[1]));

export const LINE_OF_KEYS = 24; // pixels, as player.css has them

const KEY = [44, 8, 15]; // pixels at most: of a mark and a gap, of a letter, and of one of Hangul

/**
 * The lines that the keys of runs take above the one panel of all of them. Where it is narrow they
 * stand two to a line, or each in one of its own if a name is longer than half a line.
 * @param {string[]} labels
 * @param {Pick<Arrangement, "columns" | "rows">} arrangement
 * @param {number} width
 */
export function linesOfKeys(labels, { columns, rows }, width) {
  if (columns * rows !== 1 || labels.length === 1 || width >= NARROW) return 1;
  const [mark, letter, hangul] = KEY;
  const widths = labels.map((label) =>
    [...label].reduce((sum, each) => sum + (each < "\u1100" ? letter : hangul), mark),
  );
  return Math.max(...widths) > width / 2 ? labels.length : Math.ceil(labels.length / 2);
}

/**
 * The arrangement of panels for a width; the last is for any.
 * @template {Arrangement} A
 * @param {A[]} arrangements
 * @param {number} width
 */
export function arrangementFor(arrangements, width) {
  return arrangements.find(({ below }) => width < below) ?? arrangements[arrangements.length - 1];
}

/**
 * The size of a plot of panels.
 * @param {Sizes} sizes
 * @param {Layout["margin"]} margin
 * @param {Pick<Arrangement, "columns" | "rows">} arrangement
 * @param {number} width
 * @param {number} room For all of the plot, in pixels of height.
 * @returns {Size}
 */
export function panelsSize(sizes, { l, r, t, b }, { columns, rows }, width, room) {
  const { aspect, lowest, tallest, widest, highest = 1 } = sizes;
  const filling = ((width - l - r) / columns) * aspect * (width > PHONE ? highest : 1);
  const side = Math.max(lowest, Math.min(tallest, (room - t - b) / rows, filling));
  // Nearly of equal scales: a step down the gradient should look perpendicular to the contours.
  const wide = l + r + (columns * widest * side) / aspect;
  return { width: Math.round(Math.min(width, wide)), height: Math.round(side * rows + t + b) };
}

const [LEAST, ABOVE] = [230, 200]; // pixels of their width, and of their height above the panels

/**
 * The room that a panel of samples takes: beside the surface's panels, or above them.
 * @param {number} panels 0 where there are no samples.
 * @param {number} width Of all.
 */
export function samplesPlace(panels, width) {
  if (!panels) return { wide: 0, high: 0 };
  if (width < NARROW) return { wide: 0, high: ABOVE };
  const share = panels === 1 ? 0.42 : 1 / (panels + 1);
  return { wide: Math.round(Math.max(LEAST, share * width)), high: 0 };
}

/**
 * The size of the picture in space.
 * @param {Sizes} sizes
 * @param {number} width
 * @param {number} room
 * @returns {Size}
 */
export function spaceSize({ aspect, lowest, tallest, widest }, width, room) {
  const height = Math.max(lowest, Math.min(tallest, room, width * aspect));
  return { width: Math.round(Math.min(width, widest * height)), height: Math.round(height) };
}

const MOST_CUT = 0.3; // of a chart's height: one that the window holds still less of stays tall

/**
 * The size of a chart that stands by itself.
 * @param {number} aspect Of the plot, height over width; 0 for one as wide as there is room.
 * @param {number} tallest
 * @param {Layout["margin"]} margin
 * @param {number} width
 * @param {number} [room] Pixels from its top to the window's end.
 * @returns {Size}
 */
export function chartSize(aspect, tallest, { l, r, t, b }, width, room = Infinity) {
  const fits = room - t - b;
  const high = fits < (1 - MOST_CUT) * tallest ? tallest : Math.min(tallest, fits);
  const plot = aspect ? Math.min(high, (width - l - r) * aspect) : tallest;
  const height = Math.round(plot + t + b);
  const wide = aspect ? Math.round((height - t - b) / aspect) + l + r : width;
  return { width: Math.min(width, wide), height };
}

/**
 * Places as near to the wanted ones as they can be when each is `gap` from the next, from `low` to
 * `high`; in the same order from the top. Neighbours that would touch share the push.
 * @param {number[]} wanted
 * @param {number} gap
 * @param {number} low
 * @param {number} high
 */
export function apart(wanted, gap, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b);
  /** @type {{ members: number[], middle: number }[]} */
  const groups = [];
  const span = (/** @type {number[]} */ members) => ((members.length - 1) * gap) / 2;
  for (const i of order) {
    let group = { members: [i], middle: Math.max(low, Math.min(high, wanted[i])) };
    for (let above = groups.at(-1); above; above = groups.at(-1)) {
      if (above.middle + span(above.members) + gap <= group.middle - span(group.members)) break;
      groups.pop();
      const members = [...above.members, ...group.members];
      const mean = members.reduce((sum, each) => sum + wanted[each], 0) / members.length;
      const half = span(members);
      group = { members, middle: Math.max(low + half, Math.min(high - half, mean)) };
    }
    groups.push(group);
  }
  const found = new Array(wanted.length).fill(0);
  for (const { members, middle } of groups) {
    for (const [k, i] of members.entries()) found[i] = middle - span(members) + k * gap;
  }
  return found;
}

const DASH = [9, 5]; // pixels of line and of gap

/**
 * SVG's dashes of a line that is drawn to a length and no further.
 * @param {number} length Pixels.
 * @param {boolean} dashed Whether the line is dashed as far as it is drawn.
 */
export function dashesOf(length, dashed) {
  if (!dashed) return `${length} 1e7`;
  const period = DASH[0] + DASH[1];
  const whole = Math.min(Math.floor(length / period), 2000);
  const rest = Math.min(length - whole * period, DASH[0]);
  return `${`${DASH.join(" ")} `.repeat(whole)}${rest} 1e7`;
}

/**
 * A figure's layout with its panels where an arrangement has them.
 * @param {Pick<Figure, "layout">} figure
 * @param {Pick<Arrangement, "layout"> & { rows?: number }} arrangement
 * @param {Size} size
 * @param {string} family Of the font.
 * @param {number} [head] Pixels between rows of panels, for the heads of the lower one.
 * @returns {Layout}
 */
export function arranged({ layout }, { layout: places, rows = 1 }, size, family, head = 0) {
  /** @type {Layout} */
  const laid = { ...layout, ...size, font: { ...layout.font, family } };
  const plot = head ? size.height - layout.margin.t - layout.margin.b : 0;
  const high = (plot - head * (rows - 1)) / rows;
  for (const [path, share] of Object.entries(places)) {
    const [key, name] = path.split(".");
    let value = share;
    if (head && rows > 1 && key[0] === "y" && Array.isArray(share)) {
      const below = Math.round(Number(share[0]) * rows) * (high + head);
      value = [below / plot, Math.min(1, (below + high) / plot)];
    }
    const axis = /** @type {AxisLayout} */ (laid[key]);
    // The range is copied: Plotly writes a zoom into the one it is given.
    laid[key] = { ...axis, range: [...axis.range], [name]: value };
  }
  return laid;
}
