// The player on the page: it shows what the page's link means and, while a control moves, what the
// link will be. It asks the server by address, one picture at a time, always for the latest.

import { controlOf, meant, onMotion } from "./controls.js";
import { parse } from "./decode.js";
import { ground, take } from "./grounds.js";
import { PHONE } from "./layout.js";
import { pageColour } from "./mount.js";
import { close as closePlayer, show as showScene } from "./player.js";
import { moved } from "./start.js";
import { describe, Words } from "./words.js";

/** @import { Answer, Opening, Page, Tell, Told } from "./types.js" */

/** @typedef {{ text: string, place: Element | null }} Pending What a control at a place says. */

const CLOCK = ["step", "speed"]; // in the link
const ASIDE = [...CLOCK, "answers"]; // of what the picture is the same for
const RESTED = 300; // milliseconds without a move
const FAILURES = 2; // in a row, after which the script is asked for pictures
const ON_PHONE = "Overlay"; // the view, as a link has it
const LONG = 1000; // milliseconds after which an answer is given up for one that is wanted more

/**
 * A link with what the page's controls say beside it.
 * @param {string} query
 * @param {Iterable<[string, { text: string }]>} pending By the settings' ids.
 */
export function composed(query, pending) {
  const link = new URLSearchParams(query);
  for (const [id, { text }] of pending) link.set(id, text);
  return link;
}

/**
 * The page's address with the language of a page that is opened without one.
 * @param {string} query
 * @param {string} opening
 */
export function spoken(query, opening) {
  const [link, bare] = [new URLSearchParams(query), new URLSearchParams(opening)];
  const language = bare.get("lang");
  if (language && !link.has("lang")) link.set("lang", language);
  return link.toString();
}

class Live {
  #stopped = new AbortController();
  /** @type {Page | null} */
  #page = null;
  /** @type {Tell} */
  #tell = () => {};
  /** @type {Map<string, Pending>} What controls say that the link may not say yet. */
  #pending = new Map();
  /** @type {Answer | null} */
  #answer = null; // that is shown
  #search = ""; // of the page's address when the script spoke last
  #colour = ""; // of the page, that the script has been told
  #shown = ""; // its link
  #still = false; // whether it was asked for while nothing moved
  /** @type {Element | null} */
  #touched = null; // the control that the reader uses
  #held = false; // whether a pointer or a key is down
  #busy = false;
  #again = false;
  #failures = 0;
  /** @type {Opening | null} Where the clock is to stand, until a picture has taken it. */
  #opening = null;
  /** @type {[step: string, speed: string] | null} Where the reader has put the clock. */
  #noted = null;
  #writing = false; // whether it is the player itself that changes the address
  #fitted = false; // whether it has been asked that the page's link fits a phone
  #noting = 0; // the timer that writes it into the address
  /** @type {{ link: string, since: number, given: AbortController } | null} */
  #asked = null; // what is waited for

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.words = new Words(root, () => this.#tell("undo", true));
    const { signal } = this.#stopped;
    // Where the browser tells of it: the script has written another link.
    const history = /** @type {{ navigation?: EventTarget }} */ (window).navigation;
    const written = () => {
      if (!this.#writing) this.#settle();
      this.#note();
      this.#look();
    };
    history?.addEventListener("currententrychange", written, { signal });
    const options = { signal, capture: true };
    const leave = () => {
      this.#touch(null);
      this.#pending.clear();
      this.#look();
    };
    addEventListener("popstate", leave, options);
    const hold = (/** @type {boolean} */ held) => (/** @type {Event} */ event) => {
      this.#held = held;
      if (held) this.#touch(event.target);
      else this.#look();
    };
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, hold(true), options);
    for (const name of ["pointerup", "pointercancel", "keyup", "blur"]) {
      addEventListener(name, hold(false), options);
    }
    const turned = () => {
      this.#narrow();
      this.#look();
    };
    addEventListener("resize", turned, { signal });
    onMotion((input, byHand, text) => this.#hear(input, byHand, text), signal);
  }

  close() {
    this.#stopped.abort();
    clearTimeout(this.#noting);
    this.words.close();
  }

  /**
   * Follow what the script says: another link, theme or language, or a picture of its own.
   * @param {Page} page
   * @param {Tell} tell
   */
  async follow(page, tell) {
    const before = this.#page;
    this.#page = page;
    this.#tell = tell;
    if (before?.link !== page.link) this.#settle();
    const clock = page.clock.join();
    if (clock !== before?.clock.join() && clock !== this.#noted?.join()) {
      const play = page.plays || (!before && location.search.length <= 1);
      const [step, speed] = page.clock;
      this.#opening = { step: step ? Number(step) : Infinity, speed: speed || "1", play };
      this.#noted = null;
    }
    this.#narrow();
    this.#search = location.search;
    this.#note();
    if (this.#answer) this.#compare(this.#answer.page);
    if (!page.answer) return this.#look();
    await ground(bytes(page.answer.ground));
    await this.#show(parse(await inflated(bytes(page.answer.scene))));
  }

  /** Have all runs shown in one panel as soon as the page is a phone's, if its link leaves that open. */
  #narrow() {
    if (this.#fitted || innerWidth > PHONE || !this.#page?.fit) return;
    this.#fitted = true;
    this.#pending.set("view", { text: ON_PHONE, place: null });
    this.#tell("narrow", true);
  }

  /** What controls and starts said is in the link now, or is out of date: but for one that moves. */
  #settle() {
    for (const [id, { place }] of this.#pending) {
      if (!this.#held || !place || place !== this.#touched) this.#pending.delete(id);
    }
  }

  /**
   * Tell the script of a page that has other colours than the picture.
   * @param {string} colour
   */
  #compare(colour) {
    const page = pageColour(this.root);
    if (page && page !== colour && page !== this.#colour) {
      this.#colour = page;
      this.#tell("theme", page);
    }
  }

  /** @param {EventTarget | null} node Of the page, that the reader has pressed or has the focus. */
  #touch(node) {
    this.#touched = controlOf(node, this.#page?.controls ?? {})?.place ?? null;
  }

  /**
   * @param {HTMLInputElement} input That changes.
   * @param {boolean} byHand
   * @param {string | null} held What it holds then, null if that is not so after all.
   */
  #hear(input, byHand, held) {
    const control = controlOf(input, this.#page?.controls ?? {});
    if (byHand) this.#touched = control?.place ?? null;
    // Others are changed by the script: their values are rounded, and those in the link are exact.
    if (!control || control.place !== this.#touched) return;
    const text = held === null ? "" : meant(held, control.scale);
    if (text) this.#pending.set(control.id, { text, place: control.place });
    else this.#pending.delete(control.id);
    this.#look();
  }

  /** Ask for what is to be shown now, if it is not shown yet. */
  async #look() {
    this.#again = true;
    if (this.#busy) return this.#overtake();
    this.#busy = true;
    try {
      while (this.#again && !this.#page?.answer && !this.#stopped.signal.aborted) {
        this.#again = false;
        const link = this.#link();
        const moving = this.#held && this.#answer !== null;
        if (!link) continue;
        if (link === this.#shown && (this.#still || moving)) {
          if (this.#opening && this.#answer) await this.#show(this.#answer);
          continue;
        }
        await this.#ask(`scene?${link}&${this.#beside(moving)}`, link, !moving);
      }
    } finally {
      this.#busy = false;
    }
  }

  /**
   * The link of the page: what the script said last, or what the address says since then.
   * @param {Page} page
   */
  #base({ link, opening }) {
    if (location.search === this.#search) return link;
    return location.search.length > 1 ? spoken(location.search, opening) : opening;
  }

  /** What the page is to show now, as a query. */
  #link() {
    if (!this.#page) return "";
    for (const [id, { place }] of this.#pending) {
      if (place && !place.isConnected) this.#pending.delete(id); // another control is in its place
    }
    const link = composed(this.#base(this.#page), this.#pending);
    for (const name of ASIDE) link.delete(name);
    link.set("theme", this.#page.theme);
    return link.toString();
  }

  /**
   * What the server is told of the picture that is shown, so that it need not send it again.
   * @param {boolean} moving
   */
  #beside(moving) {
    if (!this.#answer) return "";
    const { frame, id, ground } = this.#answer;
    if (moving) return new URLSearchParams({ frame }).toString();
    return new URLSearchParams({ shown: frame, drawn: `${id}.${ground}` }).toString();
  }

  /**
   * @param {string} address
   * @param {string} link That it shows.
   * @param {boolean} still Whether nothing moves any more.
   */
  async #ask(address, link, still) {
    const given = new AbortController();
    const stop = () => given.abort();
    this.#stopped.signal.addEventListener("abort", stop);
    this.#asked = { link, since: performance.now(), given };
    const timer = setTimeout(() => this.#overtake(), LONG);
    const before = this.#answer;
    try {
      const { status, retryAfter, body } = await received(below(address), given.signal);
      if (status === 503) {
        this.#later(retryAfter);
        return;
      }
      if (status !== 200) throw new Error(`${status}: ${new TextDecoder().decode(body)}`);
      /** @type {Answer} Only what is not there yet, where its picture is. */
      const answer = { ...before, ...parse(body) };
      await take(answer.ground, below(answer.groundAt), given.signal);
      this.#failures = 0;
      await this.#show(answer);
      [this.#shown, this.#still] = [link, still];
    } catch (problem) {
      if (given.signal.aborted) return;
      this.#failures += 1;
      if (this.#failures < FAILURES) this.#again = true;
      else this.#tell("unserved", String(problem));
    } finally {
      clearTimeout(timer);
      this.#stopped.signal.removeEventListener("abort", stop);
      this.#asked = null;
    }
  }

  /** Give up what has been waited for long, such as a search, where something else is wanted now. */
  #overtake() {
    if (!this.#asked || performance.now() - this.#asked.since < LONG) return;
    if (this.#again && this.#asked.link !== this.#link()) this.#asked.given.abort();
  }

  /**
   * Ask again when the server has less to do.
   * @param {number} seconds
   */
  #later(seconds) {
    const timer = setTimeout(() => this.#look(), 1000 * seconds);
    this.#stopped.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /** @param {Answer} answer */
  async #show(answer) {
    const opens = this.#opening;
    this.#opening = null;
    if (opens || this.#answer?.id !== answer.id || this.#answer.ground !== answer.ground) {
      const [held, fixed] = [this.#page?.act === "ask", this.#page?.fixed];
      const scene = { ...answer, ...(opens && { opens }), held, fixed };
      await showScene(this.root, scene, (name, value) => this.#report(name, value));
    }
    this.#answer = answer;
    if (answer.told) this.words.show(this.#page?.act === "ask" ? untold(answer.told) : answer.told);
    describe();
  }

  /** Write into the page's address where the reader has put the clock: that is the link to share. */
  #note() {
    if (!this.#noted || !this.#page) return;
    const link = new URLSearchParams(this.#base(this.#page));
    const [step, speed] = this.#noted;
    for (const [i, value] of [step, speed].entries()) {
      if (value) link.set(CLOCK[i], value);
      else link.delete(CLOCK[i]);
    }
    const search = `?${link}`;
    if (search === location.search) return;
    const same = location.search === this.#search;
    this.#writing = true;
    history.replaceState(history.state, "", search);
    this.#writing = false;
    if (same) this.#search = location.search;
  }

  /**
   * Pass on what the reader does on the picture.
   * @param {string} name
   * @param {unknown} value
   */
  #report(name, value) {
    const act = this.#page?.act;
    if (name === "ended" && act !== "run") return;
    if (name === "clock") {
      if (act) return; // a card's own link says where it stands
      this.#noted = /** @type {[string, string]} */ (value);
      // A browser refuses addresses that change with every move of a hand.
      clearTimeout(this.#noting);
      this.#noting = setTimeout(() => this.#note(), RESTED);
      return;
    }
    if ((name === "drag" || name === "start") && this.#answer) {
      const [x, y, panel] = /** @type {[number, number, number]} */ (value);
      for (const [id, text] of moved(this.#answer.start, x, y, panel)) {
        this.#pending.set(id, { text, place: null });
      }
      this.#look();
    }
    if (name !== "drag") this.#tell(name, value);
  }
}

/**
 * An address below the server's own.
 * @param {string} address
 */
const below = (address) => new URL(`zz/${address}`, document.baseURI).href;

/**
 * What a server answers. It comes in one task: that of `fetch` comes in two or more, between which
 * a page that draws what the script has sent takes 30 ms.
 * @param {string} address
 * @param {AbortSignal} signal Of this request alone.
 * @returns {Promise<{ status: number, retryAfter: number, body: ArrayBuffer }>}
 */
const received = (address, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "arraybuffer";
    request.onload = () =>
      resolve({
        status: request.status,
        retryAfter: Number(request.getResponseHeader("retry-after")) || 1, // seconds
        body: request.response,
      });
    request.onerror = request.onabort = () => reject(new Error("No answer."));
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });

/**
 * @param {string} text Base64.
 * @returns {Uint8Array<ArrayBuffer>}
 */
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @param {Uint8Array<ArrayBuffer>} packed */
const inflated = (packed) =>
  new Response(
    new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")),
  ).arrayBuffer();

/**
 * Nothing of how runs end, not even for who has the picture described.
 * @param {Told} told
 * @returns {Told}
 */
const untold = (told) => ({ ...told, sentence: "", more: "", notes: [], rows: [], lowest: "" });

/** @type {WeakMap<HTMLElement, Live>} */
const lives = new WeakMap();

/**
 * Follow the page in an element; called again with whatever the script says anew.
 * @param {HTMLElement} root
 * @param {Page} page
 * @param {Tell} tell
 */
export async function follow(root, page, tell) {
  const live = lives.get(root) ?? new Live(root);
  lives.set(root, live);
  await live.follow(page, tell);
}

/**
 * Give back everything that was made for an element, once that has left the page.
 * @param {HTMLElement} root
 */
export function close(root) {
  if (root.isConnected) return;
  closePlayer(root);
  lives.get(root)?.close();
  lives.delete(root);
}
