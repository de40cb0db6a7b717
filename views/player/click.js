// Clicks on a plot. Plotly's drag layer swallows them: a press that hardly moves is one.

const MOVED = 4; // pixels

/**
 * Call `act` with the place of every click, in pixels from the element's corner.
 * @param {HTMLElement} element
 * @param {(left: number, top: number) => void} act
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
      const moved = Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY);
      if (moved >= MOVED) return;
      const box = element.getBoundingClientRect();
      act(event.clientX - box.left, event.clientY - box.top);
    },
    options,
  );
}
