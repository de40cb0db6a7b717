// What keys mean.

/** @import { Turn } from "./orbit.js" */

/** @type {Record<string, string>} */
const COMMANDS = { " ": "play", ArrowLeft: "back", ArrowRight: "on", Home: "home", End: "end" };
/** @type {Record<string, Turn>} */
const TURNS = {
  ArrowLeft: [-0.1, 0, 1],
  ArrowRight: [0.1, 0, 1],
  ArrowUp: [0, 0.1, 1],
  ArrowDown: [0, -0.1, 1],
  "+": [0, 0, 0.9],
  "=": [0, 0, 0.9],
  "-": [0, 0, 1 / 0.9],
};
// What uses these keys itself.
const OWNERS =
  "input, textarea, select, [role=slider], [role=combobox], [role=radio], [role=tab]," +
  " [role=listbox], [role=dialog]";
const PRESSED = "button, a, summary, label, [role=button]"; // by the space bar

/**
 * The playback command of a key, unless something else on the page uses that key.
 * @param {KeyboardEvent} event
 * @param {Element} scrub The player's own slider, whose keys are the player's.
 * @returns {string | undefined}
 */
export function command(event, scrub) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (modified(event) || target.isContentEditable) return undefined;
  if (target !== scrub && target.closest(OWNERS)) return undefined;
  if (event.key === " " && target.closest(PRESSED)) return undefined;
  return COMMANDS[event.key];
}

/**
 * How a key turns the camera.
 * @param {KeyboardEvent} event
 * @returns {Turn | undefined}
 */
export const turn = (event) => (modified(event) ? undefined : TURNS[event.key]);

/** @param {KeyboardEvent} event */
const modified = (event) => event.altKey || event.ctrlKey || event.metaKey;
