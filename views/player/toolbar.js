// The player's buttons, scrub bar and speed.

const icon = (/** @type {string} */ path) =>
  `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="${path}"/></svg>`;

const BUTTONS = `
<button data-do="home" title="To the start (Home)" aria-label="To the start">${icon("M5 5h3v14H5zM20 5v14L9 12z")}</button>
<button data-do="back" title="One step back (left arrow)" aria-label="One step back">${icon("M17 5v14L6 12z")}</button>
<button data-do="play" class="zz-play" title="Play or pause (space)" aria-label="Play">Play</button>
<button data-do="on" title="One step on (right arrow)" aria-label="One step on">${icon("M7 5v14l11-7z")}</button>
<button data-do="end" title="To the end (End)" aria-label="To the end">${icon("M16 5h3v14h-3zM4 5v14l11-7z")}</button>
<input class="zz-scrub" type="range" min="0" step="1" aria-label="Step">
<output class="zz-step"></output>
<select class="zz-speed" aria-label="Speed" title="Speed">
  <option value="0.25">¼×</option><option value="0.5">½×</option><option value="1" selected>1×</option>
  <option value="2">2×</option><option value="4">4×</option>
</select>
<button data-do="look" title="Look inside this step" aria-label="Look inside this step">${icon("M15.5 14h-.8l-.3-.3a6.5 6.5 0 1 0-.7.7l.3.3v.8l5 5 1.5-1.5zm-6 0a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9z")}</button>
<button data-do="loop" aria-pressed="false" title="Start again at the end" aria-label="Loop">${icon("M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z")}</button>
<button data-do="near" hidden>Zoom to the step</button>
<button data-do="reset" class="zz-zoom" hidden></button>`;

export class Toolbar {
  #root;
  #step;
  #shown = ""; // step and text

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    root.innerHTML = BUTTONS;
    this.scrub = /** @type {HTMLInputElement} */ (root.querySelector(".zz-scrub"));
    this.#step = /** @type {HTMLOutputElement} */ (root.querySelector(".zz-step"));
  }

  /**
   * Call what belongs to each control.
   * @param {(command: string) => void} act
   * @param {(step: number) => void} seek
   * @param {(speed: number) => void} speed
   * @param {AbortSignal} signal Ends it.
   */
  listen(act, seek, speed, signal) {
    for (const button of this.#root.querySelectorAll("button")) {
      button.addEventListener("click", () => act(button.dataset.do ?? ""), { signal });
    }
    this.scrub.addEventListener("input", () => seek(Number(this.scrub.value)), { signal });
    const choice = /** @type {HTMLSelectElement} */ (this.#root.querySelector(".zz-speed"));
    choice.addEventListener("change", () => speed(Number(choice.value)), { signal });
  }

  /** @param {string} command */
  button(command) {
    return /** @type {HTMLButtonElement} */ (this.#root.querySelector(`[data-do="${command}"]`));
  }

  /** @param {boolean} playing */
  showPlaying(playing) {
    const button = this.button("play");
    button.textContent = playing ? "Pause" : "Play";
    button.setAttribute("aria-label", button.textContent);
  }

  /**
   * @param {number} step
   * @param {string} text The same for a reader.
   */
  showStep(step, text) {
    const shown = `${step} ${text}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.scrub.value = String(step);
    this.#step.textContent = text;
    this.scrub.setAttribute("aria-valuetext", text);
  }
}
