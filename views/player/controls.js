// What the page's controls say while they move. Streamlit's server hears of a slider when it is let
// go, but its <input> has a new `value` attribute at every move, inside the element whose class
// names the control's key.

/** @import { Bounds, Controls, InList, Scale } from "./types.js" */

const KEY = /^st-key-(.+?)(--\d+-)?$/; // the end counts how often the control was replaced

// 1,500 may be one and a half or fifteen hundred: the page asks which.
const GROUPED = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const GROUPED_WHOLE = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;
const NUMBER = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i;

/** @type {Record<string, "stepUp" | "stepDown" | undefined>} What a key does to any slider. */
const STEPS = {
  ArrowRight: "stepUp",
  ArrowUp: "stepUp",
  ArrowLeft: "stepDown",
  ArrowDown: "stepDown",
};

/**
 * A control's value as a link has it, or an empty text where what it holds is none, or none yet.
 * @param {string} text That the element holds.
 * @param {Scale | undefined} scale What it means; without one the text is the value itself.
 * @returns {string}
 */
export function meant(text, scale) {
  if (!scale) return String(Number(text));
  if (Array.isArray(scale)) return scale[Number(text)] ?? "";
  if ("list" in scale) return listed(meant(text, scale.scale), scale);
  if ("low" in scale) return typed(text.trim().replace("\u2212", "-"), scale);
  return String(Number((10 ** (scale.from + Number(text) / scale.each)).toPrecision(3)));
}

/**
 * A list with one of its numbers changed; an empty text where it would hold the number twice.
 * @param {string} text
 * @param {InList} scale
 */
function listed(text, { list, place }) {
  if (list.includes(text)) return "";
  return list.map((other, i) => (i === place ? text : other)).join(", ");
}

/**
 * @param {string} text
 * @param {Bounds} bounds
 */
function typed(text, { low, high, whole }) {
  if ((whole ? GROUPED_WHOLE : GROUPED).test(text)) return "";
  const number = Number(text.replace(",", "."));
  const fits = NUMBER.test(text) && number >= low && number <= high;
  return fits && (!whole || Number.isInteger(number)) ? String(number) : "";
}

/**
 * The control that a node of the page belongs to, or null.
 * @param {EventTarget | null} node
 * @param {Controls} controls
 * @returns {{ place: Element, id: string, scale: Scale | undefined } | null}
 */
export function controlOf(node, controls) {
  for (let place = node instanceof Element ? node : null; place; place = place.parentElement) {
    for (const name of place.classList) {
      const control = controls[name.match(KEY)?.[1] ?? ""];
      if (control) return { place, id: control[0], scale: control[1] };
    }
  }
  return null;
}

/**
 * What a slider will hold when it has taken a key, as far as every slider takes that one; an empty
 * text for other keys, for no slider, and where nothing changes.
 * @param {KeyboardEvent} event
 */
export function stepped({ target, key, ctrlKey, altKey, metaKey, shiftKey }) {
  const step = STEPS[key];
  if (!step || ctrlKey || altKey || metaKey || shiftKey) return "";
  if (!(target instanceof HTMLInputElement) || target.type !== "range") return "";
  if (target.disabled || target.step === "any") return "";
  const trial = /** @type {HTMLInputElement} */ (target.cloneNode());
  trial[step]();
  return trial.value === target.value ? "" : trial.value;
}

/**
 * Call `act` whenever what an element holds changes, with its text and whether the reader's own hand
 * is known to have done it: the script changes elements too. A slider is heard of at the key, 10 ms
 * before it is drawn and says so itself; should it then do something else, `act` hears of that, or
 * null if it has done nothing.
 * @param {(input: HTMLInputElement, byHand: boolean, text: string | null) => void} act
 * @param {AbortSignal} signal Ends it.
 */
export function onMotion(act, signal) {
  const watcher = new MutationObserver((changes) => {
    for (const { target, oldValue } of changes) {
      if (!(target instanceof HTMLInputElement)) continue;
      if (target.getAttribute("value") !== oldValue) act(target, false, target.value);
    }
  });
  watcher.observe(document.body, {
    subtree: true,
    attributes: true,
    attributeFilter: ["value"],
    attributeOldValue: true,
  });
  signal.addEventListener("abort", () => watcher.disconnect());
  const options = { signal, capture: true };
  const heard = (/** @type {Event} */ { target }) => {
    if (target instanceof HTMLInputElement) act(target, true, target.value);
  };
  document.addEventListener("input", heard, options);
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const text = stepped(event);
    if (!text) return;
    const input = /** @type {HTMLInputElement} */ (event.target);
    const before = input.value;
    act(input, true, text);
    requestAnimationFrame(() => {
      if (input.value !== text) act(input, true, input.value === before ? null : input.value);
    });
  };
  document.addEventListener("keydown", pressed, options);
}
