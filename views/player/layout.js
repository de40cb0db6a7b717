// How large things are and where they lie; nothing here touches the page.

/** @import { Dashes } from "./covered.js" */
/** @import { Arrangement, AxisLayout, Figure, Layout, Point, Size, Sizes, Trace } from "./types.js" */

const CURVE = [150, 290]; // pixels of the curve's height, at least and at most
const SHARE = 0.215; // of the window, where the page's style says no other
const NARROW = 700; // pixels of a page that has no room for samples beside its panels,
const MIDDLE = 900; // and of one that has none beside three
const LITTLE = 1.3; // by so much panels may be higher than they have to be
const NEARLY = 1.15; // and by so much wider than scales make them, where that fills the page
export const PHONE = 640; // pixels of a page's width, at most, with a sheet of controls at its end

export const ROW = 24; // pixels of a run's name at the end of its curve, which is pressed

/**
 * The height of the curve, which the panels share a window with.
 * @param {number} window Its height.
 * @param {number} share Of the window.
 * @param {number} names At the curves' ends, which stand below each other.
 * @param {number} axes Pixels that the axes take of it.
 */
export const curveHeight = (window, share, names = 1, axes = 0) => {
  const least = Math.max(CURVE[0], axes + ROW * (names - 1));
  return Math.round(Math.min(Math.max(window * (share || SHARE), least), CURVE[1]));
};

export const LINE_OF_KEYS = 24; // pixels, as player.css has them

// Pixels at most: of a mark and a gap, of a letter, of one of Hangul, of a loss, of what they are.
const KEY = [44, 8, 15, 56, 60];
const [ONE_LINE, BETWEEN_KEYS] = [760, 16]; // pixels that are enough for one, and more of each key

/**
 * The lines that the keys of runs take above the one panel of all of them. Where it is narrow they
 * stand two to a line, or each in one of its own if a name and its loss are longer than half a line.
 * @param {string[]} labels
 * @param {Pick<Arrangement, "columns" | "rows">} arrangement
 * @param {number} width
 */
export function linesOfKeys(labels, { columns, rows }, width) {
  if (columns * rows !== 1 || labels.length === 1 || width >= ONE_LINE) return 1;
  const [mark, letter, hangul, loss, word] = KEY;
  const widths = labels.map((label) =>
    [...label].reduce((sum, each) => sum + (each < "\u1100" ? letter : hangul), mark + loss),
  );
  const between = width > PHONE ? BETWEEN_KEYS : 0; // a phone has no room to spare
  if (widths.reduce((sum, each) => sum + each + between, word + between) <= width) return 1;
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
  const equal = ((width - l - r) / columns) * aspect;
  const filling = equal * (width > PHONE ? highest : 1);
  // A little more than a window has room for, if they fill the page's width with that.
  const least = equal / widest < LITTLE * lowest ? Math.max(lowest, equal / widest) : lowest;
  const side = Math.max(least, Math.min(tallest, (room - t - b) / rows, filling));
  // Nearly of equal scales: a step down the gradient should look perpendicular to the contours.
  const wide = l + r + (columns * widest * side) / aspect;
  const filled = width < NEARLY * wide ? width : wide;
  return { width: Math.round(filled), height: Math.round(side * rows + t + b) };
}

/**
 * The arrangement in which panels are largest within a room, whatever stands below them.
 * @template {Arrangement} A
 * @param {A[]} arrangements
 * @param {Sizes} sizes
 * @param {Layout["margin"]} margin
 * @param {number} width
 * @param {number} room
 */
export function fullest(arrangements, sizes, margin, width, room) {
  const area = (/** @type {A} */ arrangement) => {
    const size = panelsSize(sizes, margin, arrangement, width, room);
    return size.height > room ? 0 : size.width * size.height;
  };
  const usual = arrangementFor(arrangements, width);
  return arrangements.reduce((best, each) => (area(each) > area(best) ? each : best), usual);
}

const [LEAST, HIGH] = [230, 200]; // pixels of their width, and of their height below all

/**
 * The room that a panel of samples takes: beside the surface's panels, or below what plays them.
 * @param {number} panels 0 where there are no samples.
 * @param {number} width Of all.
 */
export function samplesPlace(panels, width) {
  if (!panels) return { wide: 0, high: 0 };
  if (width < (panels === 3 ? MIDDLE : NARROW)) return { wide: 0, high: HIGH };
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

/**
 * Traces with letters that are larger by a factor.
 * @param {Trace[]} data
 * @param {number} letters
 * @returns {Trace[]}
 */
export const enlarged = (data, letters) =>
  data.map((trace) => {
    const font = /** @type {{ size: number } | undefined} */ (trace.textfont);
    if (!font || letters === 1) return trace;
    return { ...trace, textfont: { ...font, size: letters * font.size } };
  });

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

/**
 * By how many pixels to the right marks are moved that would lie on one another.
 * @param {Point[]} places
 * @param {number} gap Between two of them.
 */
export function besideEachOther(places, gap) {
  return places.map((place, i) => {
    const here = places.flatMap((other, j) =>
      Math.hypot(place[0] - other[0], place[1] - other[1]) < gap / 2 ? [j] : [],
    );
    return gap * (here.indexOf(i) - (here.length - 1) / 2);
  });
}

/**
 * Pixels of line and of gap, of the run of a colour's second use.
 * @type {[on: number, off: number, until: number, points: number]}
 */
export const DASH = [9, 5, Infinity, Infinity];

/**
 * SVG's dashes of a line that is drawn to a length and no further.
 * @param {number} length Pixels.
 * @param {Dashes | null} dash Of the line as far as it is drawn, if it has any.
 */
export function dashesOf(length, dash) {
  if (!dash) return `${length} 1e7`;
  const [on, off, until] = dash;
  const period = on + off;
  const whole = Math.min(Math.floor(Math.min(length, until) / period), 2000);
  const rest = length - whole * period;
  return `${`${on} ${off} `.repeat(whole)}${length > until ? rest : Math.min(rest, on)} 1e7`;
}

/**
 * A figure's layout with its panels where an arrangement has them.
 * @param {Pick<Figure, "layout">} figure
 * @param {Pick<Arrangement, "layout"> & { rows?: number }} arrangement
 * @param {Size} size
 * @param {string} family Of the font.
 * @param {number} [head] Pixels between rows of panels, for the heads of the lower one.
 * @param {number} [letters] By how much its letters are larger than the figure has them.
 * @returns {Layout}
 */
export function arranged(
  { layout },
  { layout: places, rows = 1 },
  size,
  family,
  head = 0,
  letters = 1,
) {
  const font = { ...layout.font, family, size: letters * layout.font.size };
  /** @type {Layout} */
  const laid = { ...layout, ...size, font };
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
    const { tickfont } = /** @type {AxisLayout} */ (layout[key]);
    const larger = tickfont && { tickfont: { ...tickfont, size: letters * tickfont.size } };
    // The range is copied: Plotly writes a zoom into the one it is given.
    laid[key] = { ...axis, ...larger, range: [...axis.range], [name]: value };
  }
  return laid;
}
