// What plays the runs: buttons, the step shown, speed, and the scrub bar.

import { say } from "./renew.js";
import { tr } from "./texts.js";

const icon = (/** @type {string} */ path, line = false) =>
  `<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"${line ? ' class="zz-line"' : ""}><path d="${path}"/></svg>`;

const CONTROLS = `
<div class="zz-bar" role="toolbar">
<button data-do="play" class="zz-play"></button>
<button data-do="home">${icon("M5 5h3v14H5zM20 5v14L9 12z")}</button>
<button data-do="back">${icon("M16 5 9 12l7 7", true)}</button>
<button data-do="on">${icon("m8 5 7 7-7 7", true)}</button>
<button data-do="end">${icon("M16 5h3v14h-3zM4 5v14l11-7z")}</button>
</div>
<div class="zz-pace">
<output class="zz-step"></output>
<select class="zz-speed">
  <option value="0.25">¼×</option><option value="0.5">½×</option><option value="1" selected>1×</option>
  <option value="2">2×</option><option value="4">4×</option>
</select>
<button data-do="loop" aria-pressed="false"></button>
</div>
<div class="zz-said"></div>
<div class="zz-more">
<button data-do="reset" hidden></button>
<button data-do="near" hidden></button>
<button data-do="look"></button>
</div>`;

export class Toolbar {
  #root;
  #step;
  #told;
  #speed;
  #shown = ""; // step and text
  #playing = false;
  #looks = false; // whether the update shown is looked into

  /**
   * @param {HTMLElement} root
   * @param {HTMLInputElement} scrub Its bar, which stands elsewhere.
   */
  constructor(root, scrub) {
    this.#root = root;
    this.scrub = scrub;
    root.innerHTML = CONTROLS;
    this.#step = /** @type {HTMLOutputElement} */ (root.querySelector(".zz-step"));
    this.#told = /** @type {HTMLElement} */ (root.querySelector(".zz-said"));
    this.#speed = /** @type {HTMLSelectElement} */ (root.querySelector(".zz-speed"));
    this.write();
  }

  /** Write the names of all controls in the page's language. */
  write() {
    const name = (/** @type {Element} */ node, /** @type {string} */ label, title = "") => {
      node.setAttribute("aria-label", label);
      if (title) node.setAttribute("title", title);
    };
    name(/** @type {Element} */ (this.#root.querySelector(".zz-bar")), tr("Playback"));
    name(this.button("home"), tr("To the start"), tr("To the start (Home)"));
    name(this.button("back"), tr("One update back"), tr("One update back (left arrow)"));
    name(this.button("on"), tr("One update on"), tr("One update on (right arrow)"));
    name(this.button("end"), tr("To the end"), tr("To the end (End)"));
    name(this.scrub, tr("Update shown"));
    name(this.#speed, tr("Speed"), tr("Speed"));
    this.showLook(this.#looks);
    this.button("loop").textContent = tr("Loop");
    this.button("loop").title = tr("Start again at the end");
    this.button("play").title = tr("Play or pause (space)");
    this.button("near").textContent = tr("Zoom to the update");
    this.showPlaying(this.#playing);
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
    const choice = this.#speed;
    choice.addEventListener("change", () => speed(Number(choice.value)), { signal });
  }

  /** Where the result of the runs is said. */
  get said() {
    return this.#told;
  }

  /** @param {string} command */
  button(command) {
    return /** @type {HTMLButtonElement} */ (this.#root.querySelector(`[data-do="${command}"]`));
  }

  /** @param {boolean} playing */
  showPlaying(playing) {
    this.#playing = playing;
    const button = this.button("play");
    button.textContent = playing ? tr("Pause") : tr("Play");
    button.setAttribute("aria-label", button.textContent);
  }

  /** @param {boolean} looks Whether the update shown is looked into, below the picture. */
  showLook(looks) {
    this.#looks = looks;
    const text = looks ? tr("See inside this update, below") : tr("Look inside this update");
    say(this.button("look"), text);
  }

  /** @param {string} speed */
  showSpeed(speed) {
    this.#speed.value = speed;
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
    this.scrub.style.setProperty("--played", `${(100 * step) / Number(this.scrub.max)}%`);
    say(this.#step, text);
    this.scrub.setAttribute("aria-valuetext", text);
    // What the runs come to is said once they are there.
    this.#told.classList.toggle("zz-early", step < Number(this.scrub.max));
  }
}
