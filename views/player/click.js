// Clicks on a plot, and what is dragged on it. Plotly's drag layer swallows them: a press that hardly
// moves is a click.

const MOVED = 4; // pixels
const LONG = 500; // milliseconds of a press

/**
 * Let something on a plot be dragged, in place of what Plotly does with a drag.
 * @param {HTMLElement} element
 * @param {(left: number, top: number) => boolean} hold Tells whether a press takes hold of it.
 * @param {(left: number, top: number) => void} move
 * @param {(left: number, top: number) => void} drop Is called at the end of a drag, not of a click.
 * @param {AbortSignal} signal Ends it.
 */
export function onDrag(element, hold, move, drop, signal) {
  /** @type {PointerEvent | null} */
  let press = null;
  let moved = false;
  const options = { signal, capture: true };
  const place = (/** @type {PointerEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return /** @type {[number, number]} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  element.addEventListener(
    "pointerdown",
    (event) => {
      press = !event.button && event.isPrimary && hold(...place(event)) ? event : null;
      moved = false;
    },
    options,
  );
  // Plotly begins its own drag with these; a finger that holds a start does not scroll either.
  for (const name of ["mousedown", "touchstart"]) {
    element.addEventListener(
      name,
      (event) => {
        if (!press) return;
        event.stopPropagation();
        event.preventDefault();
      },
      { ...options, passive: false },
    );
  }
  window.addEventListener(
    "pointermove",
    (event) => {
      if (!press || event.pointerId !== press.pointerId) return;
      moved ||= far(press, event);
      if (moved) move(...place(event));
    },
    options,
  );
  const end = (/** @type {PointerEvent} */ event) => {
    if (press && moved) drop(...place(event));
    press = null;
  };
  window.addEventListener("pointerup", end, options);
  window.addEventListener("pointercancel", end, options);
}

/**
 * Tell whether a pointer has moved from where it was pressed.
 * @param {PointerEvent} from
 * @param {PointerEvent} to
 */
const far = (from, to) => Math.hypot(to.clientX - from.clientX, to.clientY - from.clientY) >= MOVED;

/**
 * Call `act` with the place of every click, in pixels from the element's corner, and with whether a
 * finger did no more than tap it: what a finger does on purpose it does by pressing long.
 * @param {HTMLElement} element
 * @param {(left: number, top: number, tap: boolean) => void} act
 * @param {AbortSignal} signal Ends it.
 */
export function onClick(element, act, signal) {
  /** @type {PointerEvent | null} */
  let press = null;
  const options = { signal, capture: true };
  element.addEventListener("pointerdown", (event) => (press = event), options);
  window.addEventListener(
    "pointerup",
    (event) => {
      const from = press;
      press = null;
      if (!from || from.button) return;
      if (far(from, event)) return;
      const box = element.getBoundingClientRect();
      const tap = from.pointerType === "touch" && event.timeStamp - from.timeStamp < LONG;
      act(event.clientX - box.left, event.clientY - box.top, tap);
    },
    options,
  );
}

/**
 * Call `act` with every place of a mouse over an element, in pixels from its corner.
 * @param {HTMLElement} element
 * @param {(left: number, top: number) => void} act
 * @param {() => void} leave
 * @param {AbortSignal} signal Ends it.
 */
export function onHover(element, act, leave, signal) {
  element.addEventListener(
    "pointermove",
    (event) => {
      if (event.pointerType === "touch" || event.buttons) return;
      const box = element.getBoundingClientRect();
      act(event.clientX - box.left, event.clientY - box.top);
    },
    { signal, capture: true },
  );
  element.addEventListener("pointerleave", leave, { signal });
}
