// The player: Plotly draws the figures that Python made, the player moves what they contain.

import { onClick, onDrag, onHover } from "./click.js";
import { Clock, target, whole } from "./clock.js";
import { Curve } from "./curve.js";
import { unpack } from "./decode.js";
import { Films } from "./film.js";
import { ofRun } from "./fits.js";
import { groundOf } from "./grounds.js";
import { command } from "./keys.js";
import { curveHeight, PHONE, samplesPlace } from "./layout.js";
import { give, settle, takeBack } from "./meeting.js";
import { mounting } from "./mount.js";
import { number } from "./numbers.js";
import { Panels } from "./panels.js";
import { savePictures } from "./picture.js";
import { lossOf, said } from "./reading.js";
import { say } from "./renew.js";
import { SamplesPanel } from "./samples.js";
import { Space } from "./space.js";
import { filled, speak, tr } from "./texts.js";
import { Tip } from "./tip.js";
import { Toolbar } from "./toolbar.js";

/** @import { Reading } from "./reading.js" */
/** @import { Ground, Opening, Picture, Scene, Tell, View } from "./types.js" */

export { ground } from "./grounds.js";
export { order } from "./orders.js";

const LOSS_DIGITS = 3;
const DRAWER = "[class*='st-key-look']"; // where a step is told
const SHARED = ".st-key-card-shared"; // the card that is as wide as all
const SHEET = ".st-key-sheet"; // of the controls, at the end of a phone's window
const LEAST = 240; // pixels of the samples, in which their plot can be read
const MARGIN = 8; // pixels below all
const BACK = ".zz-up"; // leads from there to the picture
const OVER = "data-over"; // of the page, while the clock is at the last update
const ROUGH = 8; // pixels: smaller changes of the room do not count
const BETWEEN = 16; // pixels, that the samples' place has beyond their panel
const PANELS = `
<div class="zz-stage" title="" role="img" tabindex="0"><div class="zz-back"></div><div class="zz-front"></div><div class="zz-notes"></div></div>`;
const LOWER = `
<div class="zz-controls"></div>
<div class="zz-curve"><div class="zz-loss" role="img"></div><div class="zz-cursor"></div><p class="zz-axis"></p><p class="zz-unit"></p><div class="zz-ends"></div><input class="zz-scrub" type="range" min="0" step="1"></div>`;

/** The panels, and with them a part below: what plays them, and the curve with the scrub bar. */
class Player {
  body = document.createElement("div");
  lower = document.createElement("div");
  /** @type {Tell | null} */
  #tell = null;
  /** @type {Scene | null} */
  #scene = null;
  #look = ""; // the step that is looked into
  /** @type {Set<string>} The labels of the runs that the reader has taken away. */
  #away = new Set();
  /** @type {View | null} */
  #view = null;
  /** @type {Space | null} */
  #space = null;
  #drawn = ""; // the sizes that were drawn for
  #arranged = ""; // those, and what they were given to
  #spare = 0; // pixels that the curve is higher than usual
  #resizing = 0; // the frame in which another will be
  #stopped = new AbortController();
  #watcher = new ResizeObserver(() => this.#resize());

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.body.className = "zz";
    this.body.id = "zz-picture";
    this.body.innerHTML = PANELS;
    this.lower.className = "zz-lower";
    this.lower.innerHTML = LOWER;
    root.append(this.body);
    settle("transport", this.lower, root, this.#stopped.signal);
    const [stage] = /** @type {HTMLElement[]} */ ([...this.body.children]);
    const [controls, curve] = /** @type {HTMLElement[]} */ ([...this.lower.children]);
    this.stage = stage;
    this.toolbar = new Toolbar(controls, /** @type {HTMLInputElement} */ (curve.lastElementChild));
    give("result", this.toolbar.said);
    this.clock = new Clock(
      () => this.#reveal(),
      (playing) => {
        this.toolbar.showPlaying(playing);
        this.#reveal();
      },
      () => this.#tell?.("ended", true),
    );
    const again = () => this.#reveal();
    this.panels = new Panels(stage, (zoomed) => this.#offerReset(zoomed, tr("Whole frame")), again);
    this.samples = new SamplesPanel(
      again,
      () => Boolean(this.#tell && !this.#scene?.fixed),
      (sample) => this.#tell?.("sample", sample),
      this.#stopped.signal,
    );
    stage.before(this.samples.body);
    this.tip = new Tip(stage);
    this.curve = new Curve(curve, (run) => this.#toggle(run));
    const parts = [this.body, curve, this.samples.body];
    savePictures(parts, this.#stopped.signal);
    this.films = new Films(parts, this.clock, this.#stopped.signal);
    this.#listen();
  }

  #listen() {
    const { signal } = this.#stopped;
    const act = (/** @type {string} */ what) => this.#act(what);
    const seek = (/** @type {number} */ step) => {
      this.clock.pause();
      this.clock.go(step);
      this.#note();
    };
    const speed = (/** @type {number} */ factor) => {
      this.clock.speed = factor;
      this.#note();
    };
    this.toolbar.listen(act, seek, speed, signal);
    const click = (
      /** @type {number} */ left,
      /** @type {number} */ top,
      /** @type {boolean} */ tap,
    ) => {
      if (tap) this.#tellOf(left, top);
      else this.#pick("start", left, top);
    };
    onClick(this.panels.place, click, signal);
    onHover(
      this.panels.place,
      (left, top) => this.#tellOf(left, top),
      () => this.tip.show(null, []),
      signal,
    );
    this.stage.addEventListener("focus", () => this.#tellOfHead(), { signal });
    this.stage.addEventListener("blur", () => this.tip.show(null, []), { signal });
    this.curve.listen((value) => seek(value / (this.#scene?.tick ?? 1)), signal);
    const hold = (/** @type {number} */ left, /** @type {number} */ top) => this.#holds(left, top);
    const move = (/** @type {number} */ left, /** @type {number} */ top) =>
      this.#pick("drag", left, top);
    const drop = (/** @type {number} */ left, /** @type {number} */ top) =>
      this.#pick("start", left, top);
    onDrag(this.panels.place, hold, move, drop, signal);
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      const what = command(event, this.toolbar.scrub);
      if (!what || this.#scene?.held) return;
      event.preventDefault();
      this.#act(what);
    };
    window.addEventListener("keydown", onKey, { signal });
    const back = (/** @type {MouseEvent} */ event) => {
      if (!(event.target instanceof Element) || !event.target.closest(BACK)) return;
      event.preventDefault(); // the page's address is for what is set
      this.body.scrollIntoView({ block: "center" });
      this.toolbar.button("play").focus({ preventScroll: true });
    };
    document.addEventListener("click", back, { signal });
    this.#watcher.observe(this.body);
    this.#watcher.observe(this.lower);
    // What comes to stand between the panels and what is below them moves these.
    const page = this.root.closest(".stMainBlockContainer");
    if (page) this.#watcher.observe(page);
    addEventListener("resize", () => this.#resize(), { signal });
  }

  close() {
    this.#stopped.abort();
    this.#watcher.disconnect();
    cancelAnimationFrame(this.#resizing);
    this.clock.pause();
    this.#space?.close();
    this.panels.close();
    this.curve.close();
    takeBack(this.toolbar.said);
    this.body.remove();
    document.documentElement.removeAttribute(OVER);
    for (const name of ["--lab-width", "--lab-left"]) {
      document.documentElement.style.removeProperty(name);
    }
  }

  /**
   * Show a scene, keeping clock, zoom and playback of the one before.
   * @param {Scene} scene
   * @param {Tell | null} tell
   */
  async show(scene, tell) {
    this.#tell = tell;
    if (speak(scene.texts)) this.toolbar.write();
    this.toolbar.button("look").hidden = !tell || scene.clouds.length > 0;
    const { clock } = this;
    const another = this.#scene !== null && scene.story !== this.#scene.story;
    if (scene.story !== this.#scene?.story) clock.position = Infinity; // its claim is about the end
    this.#scene = scene;
    this.films.forget();
    this.lower.classList.toggle("zz-held", Boolean(scene.held));
    this.body.classList.toggle("zz-asked", Boolean(scene.held));
    this.toolbar.scrub.max = String(scene.steps);
    clock.steps = scene.steps;
    clock.position = Math.min(clock.position, scene.steps);
    const look = scene.look?.id.join() ?? "";
    if (scene.opens) this.#open(scene.opens);
    // A link that says where the clock stands says more than the update that it looks into.
    if (scene.look && look !== this.#look && !Number.isFinite(scene.opens?.step)) {
      clock.pause();
      clock.position = scene.look.tick;
    }
    this.#look = look;
    this.toolbar.button("near").hidden = !scene.look?.near;
    if (another) this.#note();
    await this.#draw();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (scene.opens?.play && still) this.#tell?.("ended", true);
    else if (scene.opens?.play) this.clock.start();
  }

  /** @param {Opening} opening */
  #open({ step, speed }) {
    this.clock.pause();
    this.clock.speed = Number(speed);
    this.toolbar.showSpeed(speed);
    this.clock.position = Math.min(step, this.clock.steps);
  }

  /** Tell where the reader has put the clock, as a link has it: the end and its own pace go unsaid. */
  #note() {
    const { position, steps, speed } = this.clock;
    const step = whole(position);
    this.#tell?.("clock", [step < steps ? String(step) : "", speed === 1 ? "" : String(speed)]);
  }

  /** Draw what has changed, if there is any room. */
  async #draw() {
    const scene = this.#scene;
    const [width, below] = [this.body.clientWidth, this.curve.width];
    if (!scene || !width || !below) return;
    const sizes = this.#sizes();
    this.#drawn = sizes;
    // The page is measured before it is changed: to measure it between two changes takes 4 ms.
    let room = this.#room();
    const family = getComputedStyle(this.body).fontFamily;
    const style = getComputedStyle(this.lower);
    const names = ["--curve-share", "--letters", "--panel-share", "--bare-ends"];
    const [share, letters, least, bare] = names.map(
      (name) => Number(style.getPropertyValue(name)) || undefined,
    );
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const view = scene.space ? this.#inSpace() : this.#onPanels();
    const { t, b } = scene.loss.layout.margin;
    const high = curveHeight(innerHeight, share ?? 0, scene.labels.length, t + b) + this.#spare;
    await this.curve.draw(scene, below, high, family, rem, letters, Boolean(bare));
    const paths = scene.front.data.some(({ name }) => name === "path-0");
    const beside = paths && ofRun(scene.samples, 0) !== undefined && view === this.panels;
    const place = samplesPlace(beside ? scene.pace.length : 0, width);
    this.body.classList.toggle("zz-beside", place.wide > 0);
    this.#settleSamples(place.high > 0);
    const arranged = `${sizes} ${place.wide} ${place.high}`;
    if (arranged !== this.#arranged) room = this.#room(); // with all that stands there now
    this.#arranged = arranged;
    const whole = room + this.#spare; // the curve has what the panels leave
    const alone = Boolean(share); // in a window that shows nothing else
    await view.draw(scene, width - place.wide, whole, family, width, letters, least, alone);
    if (share) this.#fill(whole);
    if (beside) this.#besideStage(scene, place);
    else this.samples.hide();
    // What stands below the panels is as wide as they are.
    const taken = view === this.panels ? `${this.panels.width + place.wide}px` : "none";
    document.documentElement.style.setProperty("--lab-width", taken);
    document.documentElement.style.setProperty("--lab-left", `${place.wide}px`);
    this.#view = view;
    this.stage.setAttribute("aria-label", scene.label);
    this.#mute();
    this.#reveal();
  }

  /**
   * Let the samples stand beside the panels, or below what plays them.
   * @param {boolean} below
   */
  #settleSamples(below) {
    const { body } = this.samples;
    if (below === (body.parentElement === this.lower)) return;
    if (below) this.lower.append(body);
    else this.stage.before(body);
  }

  /**
   * Draw the samples beside the panels, as high as these are, or below all.
   * @param {Scene} scene
   * @param {{ wide: number, high: number }} place
   */
  #besideStage(scene, { wide, high }) {
    const stage = this.stage.offsetHeight;
    const shared = document.querySelector(SHARED) !== null;
    const least = shared ? stage : Math.max(stage, LEAST); // beside it there is room, and below too
    this.samples.body.style.width = wide ? `${wide - BETWEEN}px` : "";
    this.samples.body.style.marginBottom = wide ? `${stage - least}px` : "";
    this.samples.draw(scene, wide ? least : high, this.panels.factor);
  }

  #onPanels() {
    this.#space?.close();
    this.#space = null;
    return this.panels;
  }

  #inSpace() {
    this.panels.hide();
    this.#space ??= new Space(this.stage, (turned) => this.#offerReset(turned, tr("Reset camera")));
    return this.#space;
  }

  /**
   * @param {boolean} changed Whether there is anything to put back.
   * @param {string} text
   */
  #offerReset(changed, text) {
    const button = this.toolbar.button("reset");
    button.hidden = !changed;
    say(button, text);
  }

  /**
   * Give the curve what the panels leave of a window that shows nothing else.
   * @param {number} room That they had.
   */
  #fill(room) {
    const most = Math.max(0, this.curve.width - curveHeight(innerHeight, 0)); // as high as wide
    const spare = Math.min(most, Math.max(0, room - this.body.offsetHeight));
    if (Math.abs(spare - this.#spare) < ROUGH) return;
    this.#spare = spare;
    this.#drawn = "";
    this.#resize();
  }

  /** The height that the window leaves to the panels, so that all that plays them is seen too. */
  #room() {
    const here = this.body.getBoundingClientRect();
    let top = here.top;
    for (let node = this.root.parentElement; node; node = node.parentElement) top += node.scrollTop;
    return Math.floor(innerHeight - top - (this.#endBelow() - here.bottom) - MARGIN);
  }

  /** Where what must be seen with the panels ends, in pixels from the window's top. */
  #endBelow() {
    const { body } = this.samples;
    const inLower = body.parentElement === this.lower ? body.offsetHeight : 0;
    const sheet = document.querySelector(SHEET)?.parentElement?.offsetHeight;
    if (innerWidth > PHONE || !sheet) return this.lower.getBoundingClientRect().bottom - inLower;
    // The curve and what is said of it; a sheet of controls lies over the window's end.
    const ends = [this.curve.root, this.toolbar.said].map((n) => n.getBoundingClientRect().bottom);
    return Math.max(...ends) + sheet;
  }

  /** What the sizes of panels and curve depend on. */
  #sizes() {
    const room = Math.round(this.#room() / ROUGH);
    return `${this.body.clientWidth} ${this.curve.width} ${innerHeight} ${room}`;
  }

  #resize() {
    if (!this.#scene || this.#sizes() === this.#drawn) return;
    cancelAnimationFrame(this.#resizing);
    this.#resizing = requestAnimationFrame(() => this.#draw());
  }

  /** Move heads, travelled paths, cursor and scrub bar to the clock. */
  #reveal() {
    const [scene, view] = [this.#scene, this.#view];
    if (!scene || !view) return;
    const { position, playing, speed } = this.clock;
    view.reveal(position, !playing || speed <= 1);
    this.samples.reveal(position);
    this.curve.reveal(position);
    const step = whole(position);
    const [here, end] = [step, scene.steps].map((at) => Number((at * scene.tick).toPrecision(4)));
    this.toolbar.showStep(step, filled(scene.count, { here, end }));
    this.toolbar.showLook(scene.look !== null && step === whole(scene.look.tick));
    this.root.dataset.step = String(step);
    document.documentElement.toggleAttribute(OVER, step >= scene.steps);
    this.#write(scene);
    if (document.activeElement === this.stage) this.#tellOfHead();
  }

  /**
   * Write the losses at the clock into the titles.
   * @param {Scene} scene
   */
  #write({ readings, pace, marks, beside }) {
    const texts = pace.map((each, i) => {
      const loss = lossOf(readings, i, whole(this.clock.position * each));
      return number(loss, LOSS_DIGITS, marks);
    });
    for (const node of this.body.querySelectorAll(".zz-notes [data-run]")) {
      const text = texts[Number(/** @type {HTMLElement} */ (node).dataset.run)] ?? "";
      say(node, text);
    }
    const { width, beside: runs = [] } = readings;
    for (const node of this.body.querySelectorAll(".zz-notes [data-beside]")) {
      const i = Number(/** @type {HTMLElement} */ (node).dataset.beside);
      const each = pace[beside[i]?.run] ?? 0;
      const loss = runs[i] && lossOf({ width, runs }, i, whole(this.clock.position * each));
      say(node, runs[i] ? number(loss, LOSS_DIGITS, marks) : "");
    }
  }

  /**
   * Say what is at a pixel of the panels.
   * @param {number} left
   * @param {number} top
   */
  #tellOf(left, top) {
    this.#say(() => this.panels.readingAt(left, top));
  }

  /** Say what is at the head of a run. */
  #tellOfHead() {
    this.#say(() => this.panels.readingAtHead());
  }

  /**
   * Say what is read on the panels, while they are shown.
   * @param {() => Reading | null} read
   */
  #say(read) {
    const scene = this.#scene;
    const reading = scene && this.#view === this.panels ? read() : null;
    this.tip.show(reading, reading && scene ? said(reading, scene) : []);
  }

  /**
   * Take a run away, or bring it back.
   * @param {number} run
   */
  #toggle(run) {
    const label = this.#scene?.labels[run] ?? "";
    if (!this.#away.delete(label)) this.#away.add(label);
    this.#mute();
    this.#reveal();
  }

  #mute() {
    const labels = this.#scene?.labels ?? [];
    const muted = new Set(labels.flatMap((label, i) => (this.#away.has(label) ? [i] : [])));
    this.#view?.mute(muted);
    this.curve.mute(muted);
  }

  /** @param {string} what A button's or key's command. */
  #act(what) {
    const [scene, view, clock] = [this.#scene, this.#view, this.clock];
    if (!scene || !view) return;
    if (what === "play") {
      if (clock.playing) {
        clock.pause();
        this.#note();
      } else clock.start();
    } else if (what === "loop") {
      clock.looping = !clock.looping;
      this.toolbar.button("loop").setAttribute("aria-pressed", String(clock.looping));
    } else if (what === "look") {
      this.#tell?.(
        "look",
        scene.pace.map((pace) => clock.position * pace),
      );
      // What is in the step is told below the picture, as far down as that is long.
      document.querySelector(DRAWER)?.scrollIntoView({ block: "center" });
    } else if (what === "reset") {
      view.reset();
    } else if (what === "near") {
      if (scene.look?.near) this.panels.zoom(...scene.look.near);
    } else {
      clock.pause();
      clock.go(target(what, clock.position));
      this.#note();
    }
  }

  /**
   * Tell whether a pointer at a pixel takes hold of a start.
   * @param {number} left
   * @param {number} top
   */
  #holds(left, top) {
    const listening = this.#tell && !this.#scene?.fixed && this.#view === this.panels;
    return Boolean(listening && this.panels.startAt(left, top));
  }

  /**
   * Report a point of a panel: as a start, or as one to which it is dragged.
   * @param {"start" | "drag"} name
   * @param {number} left
   * @param {number} top
   */
  #pick(name, left, top) {
    const point = this.#view === this.panels && this.panels.pointAt(left, top);
    if (point && !this.#scene?.fixed) this.#tell?.(name, point);
  }
}

/** @typedef {Omit<Scene, keyof Ground> & Picture & { ground: string }} Bare Without its ground. */

/**
 * Read a scene, if it is still packed, and join it with its ground.
 * @param {Uint8Array<ArrayBuffer> | Bare} source
 * @returns {Promise<Scene>}
 */
async function read(source) {
  /** @type {Bare} */
  const scene = source instanceof Uint8Array ? await unpack(source) : source;
  return { ...scene, ...(await groundOf(scene.ground)), id: scene.id };
}

export const { show, close } = mounting((root) => new Player(root), read);
