// Where parts of the player meet the page. The page gives a part a place of its own, so that other
// things can stand between the parts; a component does that (place.js), and it may come before the
// player or after it. A part without such a place stands in the player's own element, as in a saved
// page. Modules are loaded once in a page: this one is the same for all components.

/** @typedef {{ part: HTMLElement, home: HTMLElement }} Settled A part, and where it stands alone. */

/** @type {Map<string, HTMLElement>} */
const given = new Map();
/** @type {Map<string, Settled>} */
const settled = new Map();

/** @param {string} name Of a place. */
function meet(name) {
  const found = settled.get(name);
  if (!found) return;
  const place = given.get(name) ?? found.home;
  if (found.part.parentElement === place) return;
  place.querySelector(".zz-wait")?.remove();
  place.append(found.part);
}

/**
 * Let a part stand at a place, as soon and as long as there is one, and else in its home.
 * @param {string} name Of the place.
 * @param {HTMLElement} part
 * @param {HTMLElement} home
 * @param {AbortSignal} signal Ends it, and takes the part away.
 */
export function settle(name, part, home, signal) {
  settled.set(name, { part, home });
  meet(name);
  signal.addEventListener("abort", () => {
    if (settled.get(name)?.part === part) settled.delete(name);
    part.remove();
  });
}

/**
 * Give a part its place.
 * @param {string} name
 * @param {HTMLElement} place
 */
export function give(name, place) {
  given.set(name, place);
  meet(name);
}

/**
 * Take back a place that has left the page; another one of the same name stays.
 * @param {HTMLElement} place
 */
export function takeBack(place) {
  for (const [name, other] of given) {
    if (other !== place) continue;
    given.delete(name);
    meet(name);
  }
}
