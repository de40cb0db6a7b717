// A student's choice in a class: a rate, or a place to start from.

import { parse } from "./decode.js";
import { keeperOf, look, unwatch } from "./keeping.js";
import { marked, standing } from "./member.js";
import { button, node, say, told } from "./nodes.js";
import * as plot from "./plot.js";
import { loaded, whileNeeded } from "./plotted.js";
import { filled, tr } from "./texts.js";

/** @import { ClassPage, ClassTell, RateForm, StartForm } from "./class.js" */
/** @import { Ground } from "./types.js" */

/**
 * @typedef {object} Field Where an answer is chosen.
 * @property {Node[]} parts
 * @property {() => string} value The answer; throws RangeError with what to tell of one that is none.
 * @property {() => void} shown Is called once it is on the page.
 * @property {() => void} close
 */

export class Choose {
  #watch = () => this.#say();
  #stop = () => {}; // looking at how the class stands
  #send = /** @type {HTMLButtonElement} */ (node("button", "zz-primary", tr("Send")));
  #wrong = told("zz-class-told");
  #said = told("zz-class-said");
  #open = true; // as far as it is known
  #revealed = false;

  /**
   * @param {ClassPage} data
   * @param {string} subject What the class chooses.
   * @param {ClassTell} tell
   */
  constructor(data, subject, tell) {
    this.code = data.code;
    const { title, question, form } = data.choices[subject];
    const keeper = keeperOf(data.code, this.#watch);
    const before = keeper.given[1];
    const changed = () => say(this.#wrong, "");
    this.field =
      form.kind === "rate"
        ? rateField(form, before, changed)
        : startField(form, before, changed, data.plotly);
    const card = node("form", "zz-class-card", [
      ...this.field.parts,
      this.#send,
      this.#wrong,
      this.#said,
    ]);
    card.addEventListener("submit", (event) => {
      event.preventDefault();
      try {
        const answer = this.field.value();
        say(this.#wrong, "");
        keeper.answer("1", answer);
      } catch (problem) {
        if (!(problem instanceof RangeError)) throw problem;
        say(this.#wrong, problem.message);
      }
    });
    this.body = node("div", "zz-class zz-class-choose", [
      node("h1", "", title),
      node("p", "zz-class-sub", question),
      card,
      button(tr("Leave the class"), () => tell("code", "")),
    ]);
    this.#say();
    keeper.work();
    const seen = (/** @type {{ open: boolean, revealed: boolean }} */ { open, revealed }) => {
      if (open && !this.#open) say(this.#wrong, "");
      this.#open = open;
      this.#revealed = revealed;
      this.#say();
    };
    this.#stop = look(data.code, seen, (over) => keeper.end(over));
  }

  shown() {
    this.field.shown();
  }

  close() {
    this.#stop();
    this.field.close();
    unwatch(this.code, this.#watch);
  }

  #say() {
    const keeper = keeperOf(this.code, this.#watch);
    const own = keeper.given[1];
    this.body.toggleAttribute("data-over", keeper.ended);
    this.#send.disabled = keeper.ended || !this.#open;
    this.#said.dataset.standing = marked(keeper, "1");
    const lines = [standing(keeper, "1")];
    if (own !== undefined && !keeper.ended)
      lines.unshift(filled(tr("You chose {choice}."), { choice: spoken(own) }));
    if (!keeper.ended) {
      if (this.#revealed) lines.push(tr("The answers are revealed: look at the teacher's screen."));
      else if (!this.#open) lines.push(tr("The class takes no answers now."));
    }
    say(this.#said, lines.join(" "));
  }
}

/** An answer as it is told: a rate, or a point. @param {string} answer */
const spoken = (answer) => (answer.includes(",") ? `(${answer.replace(",", ", ")})` : answer);

/** A number that was typed. @param {HTMLInputElement} input */
const typed = (input) => {
  const text = input.value.trim().replace(",", ".").replace("\u2212", "-");
  return text ? Number(text) : Number.NaN;
};

/** @param {string} label @param {string} value */
function numberField(label, value) {
  const made = /** @type {HTMLInputElement} */ (node("input"));
  Object.assign(made, { type: "text", inputMode: "decimal", autocomplete: "off", value });
  made.setAttribute("aria-label", label);
  return made;
}

// --- A rate

/** A rate as it is typed. @param {number} rate */
const written = (rate) => String(Number(rate.toPrecision(2)));

/**
 * @param {RateForm} form
 * @param {string | undefined} before What was chosen before.
 * @param {() => void} changed
 * @returns {Field}
 */
function rateField({ low, high, start }, before, changed) {
  const first = Number(before ?? start);
  const slider = /** @type {HTMLInputElement} */ (node("input"));
  // A slider of exponents, over the rates that are usual; the field takes any.
  Object.assign(slider, { type: "range", min: "-4", max: "0", step: "0.01" });
  slider.value = String(Math.log10(first));
  slider.setAttribute("aria-label", tr("Learning rate"));
  const field = numberField(tr("Learning rate, as a number"), written(first));
  slider.addEventListener("input", () => {
    field.value = written(10 ** Number(slider.value));
    changed();
  });
  const label = node("label", "zz-class-rate", [node("span", "", tr("Learning rate")), field]);
  return {
    parts: [label, slider],
    value() {
      const rate = typed(field);
      const text = tr("Type a number from {low} to {high}.");
      if (!(rate >= low && rate <= high)) throw new RangeError(filled(text, { low, high }));
      slider.value = String(Math.log10(rate));
      return String(rate);
    },
    shown() {},
    close() {},
  };
}

// --- A start

/** @type {Map<string, Promise<Ground>>} */
const surfaces = new Map();

/** The picture of a surface, fetched once. @param {string} address */
function surface(address) {
  const fetched = async () => {
    const response = await fetch(new URL(address, document.baseURI));
    if (!response.ok) throw new Error(String(response.status));
    return /** @type {Ground} */ (parse(await response.arrayBuffer()));
  };
  const found = surfaces.get(address) ?? fetched();
  surfaces.set(address, found);
  found.catch(() => surfaces.delete(address)); // it is fetched again when it is next needed
  return found;
}

/**
 * @param {StartForm} form
 * @param {string | undefined} before What was chosen before.
 * @param {() => void} changed
 * @param {string} plotly Its address.
 * @returns {Field}
 */
function startField({ box, ratio, ground, layout }, before, changed, plotly) {
  const drawn = node("div", "zz-class-ground");
  const dot = node("i", "zz-class-dot");
  const picture = node("div", "zz-class-tap", [drawn, dot]);
  picture.style.aspectRatio = String(ratio);
  const [x, y] = (before ?? ",").split(",");
  const fields = [numberField("x", x), numberField("y", y)];
  const place = () => {
    const [across, up] = box.map(([low, high], axis) => {
      const value = typed(fields[axis]);
      return value >= low && value <= high ? (value - low) / (high - low) : Number.NaN;
    });
    dot.hidden = !(across >= 0 && up >= 0);
    dot.style.left = `${100 * across}%`;
    dot.style.bottom = `${100 * up}%`;
  };
  picture.addEventListener("click", ({ clientX, clientY }) => {
    const { left, bottom, width, height } = picture.getBoundingClientRect();
    const shares = [(clientX - left) / width, (bottom - clientY) / height];
    for (const [axis, [low, high]] of box.entries()) {
      const share = Math.min(Math.max(shares[axis], 0), 1);
      fields[axis].value = (low + share * (high - low)).toFixed(2);
    }
    place();
    changed();
  });
  for (const each of fields) each.addEventListener("input", place);
  place();
  const names = ["x", "y"].map((name, axis) =>
    node("label", "", [node("span", "", name), fields[axis]]),
  );
  const watcher = new ResizeObserver(() => draw());
  let wide = 0;
  const draw = () => whileNeeded(drawn, drawNow);
  const drawNow = async () => {
    const [{ back }] = await Promise.all([surface(ground), loaded(plotly)]);
    const { clientWidth: width } = drawn;
    if (!width || width === wide) return;
    wide = width;
    const { font, ...rest } = structuredClone(layout);
    const family = getComputedStyle(drawn).fontFamily;
    const sized = { ...rest, font: { ...font, family }, width, height: Math.round(width / ratio) };
    const traces = back.data.map((trace) => ({ ...trace, showlegend: false }));
    await plot.draw(drawn, traces, sized, { staticPlot: true });
  };
  return {
    parts: [
      node("p", "", tr("Tap on the picture, or type where to start.")),
      picture,
      node("div", "zz-class-point", names),
    ],
    value() {
      const point = fields.map(typed);
      const inside = box.every(([low, high], axis) => point[axis] >= low && point[axis] <= high);
      if (!inside) {
        const [[west, east], [south, north]] = box;
        const text = tr("Choose a place: x from {west} to {east}, y from {south} to {north}.");
        throw new RangeError(filled(text, { west, east, south, north }));
      }
      return point.map((value) => Number(value.toPrecision(6))).join(",");
    },
    shown() {
      watcher.observe(drawn);
    },
    close() {
      watcher.disconnect();
      plot.erase(drawn);
    },
  };
}
