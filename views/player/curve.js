// The curves below the view, of loss or another measure: drawn up to the clock and named at their
// ends. The scrub bar is their axis.

import { done } from "./clock.js";
import { dashed } from "./covered.js";
import { apart, DASH, dashesOf, PHONE, ROW } from "./layout.js";
import * as plot from "./plot.js";
import { say, set } from "./renew.js";
import { between, lengths } from "./travel.js";

/** @import { Dashes } from "./covered.js" */
/** @import { Axis, Figure, Numbers, Scene, Trace } from "./types.js" */

const FUTURE = "future"; // the name of the thin lines of what is to come
const LIMIT = "limit"; // that of the lines up to which a curve may go
const [BESIDE_RUN, TIP] = ["beside", "tip"]; // those of what is drawn beside runs, and their heads
const OTHERS = [FUTURE, LIMIT, BESIDE_RUN, TIP]; // that are no run's own curve
const ROW_OF_FINGER = 44; // pixels of a label that a finger presses
const BESIDE = 10; // pixels between the curves and their labels
const LETTER = 0.47; // of the page's letters: the width, about, of a label's
const [MARK, VALUE] = [4, 8]; // letters of its mark, and of its value
const [LEFT, LEFT_ON_PHONE] = [62, 48];
const MOST = 0.42; // of the width, that labels take

/**
 * One run's curve as drawn.
 * @typedef {object} Line
 * @property {Numbers} y
 * @property {number} dx
 * @property {number} first The update of its first point.
 * @property {number} pace Updates in a tick.
 * @property {Float64Array} travelled Pixels to each of its points.
 * @property {SVGElement | null} node
 * @property {SVGElement | undefined} head
 * @property {Dashes | null} dash
 * @property {HTMLButtonElement | null} label None of what is drawn beside a run, which has its run's.
 */

const THUMB = 20; // pixels, as player.css has it

export class Curve {
  #root;
  #plot;
  #cursor;
  #title;
  #unit;
  #ends;
  #scrub;
  #toggle;
  /** @type {Line[]} */
  #lines = [];
  /** @type {(Line & { run: number })[]} Those of what is drawn beside runs. */
  #beside = [];
  #tick = 1;
  /** @type {ReadonlySet<number>} */
  #muted = new Set();

  /**
   * @param {HTMLElement} root With places for plot, cursor, titles of the axes and labels, and the scrub bar.
   * @param {(run: number) => void} toggle Is called for the wish to take a run away, or back.
   */
  constructor(root, toggle) {
    this.#root = root;
    this.#toggle = toggle;
    [this.#plot, this.#cursor, this.#title, this.#unit, this.#ends, this.#scrub] =
      /** @type {HTMLElement[]} */ ([...root.children]);
  }

  /** What it stands in. */
  get root() {
    return this.#root;
  }

  /** Pixels that there are for it. */
  get width() {
    return this.#root.clientWidth;
  }

  /**
   * Call `seek` with a place on the curves' axis where it is pressed, and while that moves.
   * @param {(value: number) => void} seek
   * @param {AbortSignal} signal Ends it.
   */
  listen(seek, signal) {
    const go = (/** @type {PointerEvent} */ event) => {
      const { offset, length, toValue } = plot.axis(this.#plot, "x");
      const left = event.clientX - this.#plot.getBoundingClientRect().left - offset;
      seek(toValue(Math.max(0, Math.min(length, left))));
    };
    const press = (/** @type {PointerEvent} */ event) => {
      if (event.button || !this.#lines.length) return;
      this.#plot.setPointerCapture(event.pointerId);
      go(event);
    };
    this.#plot.addEventListener("pointerdown", press, { signal });
    const move = (/** @type {PointerEvent} */ event) => {
      if (this.#plot.hasPointerCapture(event.pointerId)) go(event);
    };
    this.#plot.addEventListener("pointermove", move, { signal });
  }

  /**
   * @param {Scene} scene
   * @param {number} width
   * @param {number} height
   * @param {string} family
   * @param {number} rem Pixels of the page's letters.
   * @param {number} letters By how much those of the axes are larger than usual.
   * @param {boolean} bare Whether labels are names alone, by the page's style.
   */
  async draw(scene, width, height, family, rem, letters = 1, bare = false) {
    const { loss, ends, labels, keys, pace, tick } = scene;
    const own = loss.data.filter(({ name }) => !OTHERS.includes(name));
    const curves = own.filter(({ mode }) => mode === "lines");
    const heads = own.filter(({ mode }) => mode === "markers");
    while (this.#ends.children.length > labels.length) this.#ends.lastElementChild?.remove();
    const names = labels.map((label, i) => heads[i].name || label);
    const buttons = names.map((name, i) => this.#label(i, name, ends[i], keys[i]));
    // By the names alone: the values change while something is dragged, and the chart stands still.
    const longest = Math.max(...names.map((name) => name.length)) + MARK + (bare ? 0 : VALUE);
    const right = Math.min(MOST * width, longest * LETTER * rem + BESIDE);
    const left = Math.round(letters * (width < PHONE ? LEFT_ON_PHONE : LEFT));
    say(this.#title, loss.layout.yaxis.title.text);
    this.#title.style.left = `${left}px`;
    say(this.#unit, loss.layout.xaxis.title.text);
    this.#unit.style.left = `${width - right + 2 * BESIDE}px`;
    this.#plot.setAttribute("aria-label", `${loss.layout.yaxis.title.text}: ${labels.join(", ")}`);
    const font = { ...loss.layout.font, family, size: letters * loss.layout.font.size };
    const margin = { ...loss.layout.margin, l: left, r: right };
    const [xaxis, yaxis] = [loss.layout.xaxis, loss.layout.yaxis].map((axis) => ({
      ...axis,
      title: { text: "" },
    }));
    const layout = { ...loss.layout, width, height, font, margin, xaxis, yaxis };
    await plot.drawStill(this.#plot, this.#traces(loss), layout);
    const [px, py] = [plot.axis(this.#plot, "x"), plot.axis(this.#plot, "y")];
    this.#tick = tick;
    const over = dashed(
      curves.map(({ y, dx = 1 }) => ({
        x: Float64Array.from(y, (_, k) => px.toPixel(k * dx)),
        y: Float64Array.from(y, py.toPixel),
        count: y.length,
      })),
    );
    const drawn = (
      /** @type {Trace} */ { y },
      /** @type {number} */ i,
      /** @type {number} */ dx,
      first = 0,
    ) => ({
      y,
      dx,
      first,
      pace: pace[i],
      travelled: lengths(
        y.length,
        (k) => px.toPixel((first + k) * dx),
        (k) => py.toPixel(y[k]),
      ),
    });
    this.#lines = curves.map((trace, i) => ({
      ...drawn(trace, i, trace.dx ?? 1),
      node: plot.line(this.#plot, `curve${i}`),
      head: plot.markers(this.#plot, `head${i}`)[0],
      dash: trace.line?.dash === "dash" ? DASH : over[i],
      label: buttons[i],
    }));
    this.#beside = loss.data
      .filter(({ name }) => name === BESIDE_RUN)
      .map((trace, i) => {
        const { run, first } = scene.beside[i];
        return {
          ...drawn(trace, run, curves[run].dx ?? 1, first),
          run,
          node: plot.line(this.#plot, `${BESIDE_RUN}${i}`),
          head: plot.markers(this.#plot, `${TIP}${i}`)[0],
          dash: null,
          label: null,
        };
      });
    // The middle of the thumb runs from end to end of the axis.
    this.#scrub.style.left = `${px.offset - THUMB / 2}px`;
    this.#scrub.style.width = `${px.length + THUMB}px`;
    this.#scrub.style.top = `${py.offset + py.length}px`;
    this.#unit.style.top = `${py.offset + py.length + BESIDE / 2}px`;
    this.#place(px, py, right);
  }

  /** @param {Figure} loss */
  #traces(loss) {
    /** @type {Record<string, number>} */
    const counts = {};
    return loss.data.map((trace) => {
      const { name, mode } = trace;
      const own = mode === "lines" ? "curve" : "head";
      const what = OTHERS.includes(name) ? name : own;
      counts[what] = (counts[what] ?? -1) + 1;
      return { ...trace, uid: `${what}${counts[what]}` };
    });
  }

  /**
   * A run's label, made once and written anew.
   * @param {number} run
   * @param {string} name
   * @param {string} end
   * @param {[sign: string, colour: string]} key
   */
  #label(run, name, end, [sign, colour]) {
    for (let made = this.#ends.children.length; made <= run; made++) {
      const button = document.createElement("button");
      button.type = "button";
      button.innerHTML = '<i aria-hidden="true"></i> <span></span> <b></b>';
      button.addEventListener("click", () => this.#toggle(made));
      this.#ends.append(button);
    }
    const button = /** @type {HTMLButtonElement} */ (this.#ends.children[run]);
    const [mark, text, value] = /** @type {HTMLElement[]} */ ([...button.children]);
    say(mark, sign);
    mark.style.color = colour;
    say(text, name);
    say(value, end);
    return button;
  }

  /**
   * Put every label at the end of its curve, and apart from the others.
   * @param {Axis} px
   * @param {Axis} py
   * @param {number} wide
   */
  #place(px, py, wide) {
    const wanted = this.#lines.map(({ y }) =>
      y.length ? py.toPixel(y[y.length - 1]) : py.length - ROW / 2,
    );
    const finger = matchMedia(`(pointer: coarse), (max-width: ${PHONE}px)`).matches;
    // The lowest of two lines ends where one of one line does: below stands the unit of the axis.
    const room = (py.length + ROW / 2) / (this.#lines.length - 0.5);
    const row = Math.max(ROW, Math.min(finger ? ROW_OF_FINGER : ROW, room));
    const tops = apart(wanted, row, 0, py.length - (row - ROW) / 2);
    for (const [i, { label }] of this.#lines.entries()) {
      if (!label) continue;
      label.style.left = `${px.offset + px.length + BESIDE / 2}px`;
      label.style.top = `${py.offset + tops[i] - row / 2}px`;
      label.style.height = `${row}px`;
      label.style.maxWidth = `${wide - BESIDE / 2}px`;
    }
  }

  /**
   * Show all runs but these.
   * @param {ReadonlySet<number>} muted
   */
  mute(muted) {
    this.#muted = muted;
    for (const [i, { label }] of this.#lines.entries()) {
      label?.setAttribute("aria-pressed", String(!muted.has(i)));
    }
  }

  /**
   * Move the cursor and the heads, and draw each curve up to there.
   * @param {number} clock
   */
  reveal(clock) {
    const [x, y] = [plot.axis(this.#plot, "x"), plot.axis(this.#plot, "y")];
    this.#cursor.style.transform = `translateX(${x.offset + x.toPixel(clock * this.#tick)}px)`;
    this.#cursor.style.top = `${y.offset}px`;
    this.#cursor.style.height = `${y.length}px`;
    for (const [i, line] of this.#lines.entries()) this.#draw(i, line, clock, x, y);
    for (const line of this.#beside) this.#draw(line.run, line, clock, x, y);
  }

  /**
   * @param {number} i
   * @param {Line} line
   * @param {number} clock
   * @param {Axis} px
   * @param {Axis} py
   */
  #draw(i, { y, dx, first, pace, travelled, node, head, dash, label }, clock, px, py) {
    const last = y.length - 1;
    const at = Math.max(0, done(clock, pace, first + last) - first);
    const ahead = !label && at === 0; // of one that has not begun
    const seen = last < 0 || ahead || this.#muted.has(i) ? "hidden" : "visible";
    if (node) {
      node.style.strokeDasharray = dashesOf(last < 0 ? 0 : between(travelled, at), dash);
      node.style.visibility = at > 0 ? seen : "hidden";
    }
    if (head) {
      set(head, "visibility", seen);
      const place = [px.toPixel((first + at) * dx), last < 0 ? 0 : py.toPixel(between(y, at))];
      set(head, "transform", `translate(${place.join()})`);
    }
    label?.classList.toggle("zz-ended", at >= last);
  }

  close() {
    plot.erase(this.#plot);
  }
}
