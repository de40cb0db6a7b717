// A student's answers to a class: kept by the browser until the server says that it has them.

const FIRST_PAUSE = 500; // milliseconds between two tries, then twice as long each time
const LONGEST_PAUSE = 10_000;
const PATIENCE = 10_000; // for one try
const LOOK = 3000; // between two looks at how the class stands
const LIFE = 24 * 3600 * 1000; // of a class
const KEY = "zigzag-class-"; // of what is stored, before the code

/**
 * What is stored: the number by which the class knows this browser, and the answers by card: those
 * that were given, and those that the server has.
 * @typedef {{ token: string, at: number, given: Record<string, string>, had: Record<string, string> }} Kept
 */

/** How it stands with the answers: all there, on the way, kept back, or never taken any more.
 * @typedef {"sent" | "sending" | "waiting" | "over" | "wrong"} Standing */

/** @typedef {{ status: number, body: any }} Reply */

/**
 * @typedef {object} World What a keeper needs of the browser.
 * @property {(token: string, card?: string, answer?: string) => Promise<Reply>} send Rejects where
 *   nothing answers.
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
 * @property {(milliseconds: number) => Promise<void>} wait
 * @property {() => string} token A new one.
 * @property {() => number} now
 */

export class Keeper {
  /** @type {Standing} */
  standing = "sending";
  told = ""; // by the server, on why it does not take them
  /** @type {Record<string, string>} By card, an answer that was not taken. */
  refused = {};
  #working = false;
  #joined = false;
  /** @type {Kept} */
  #kept;

  /**
   * @param {string} code
   * @param {World} world
   * @param {() => void} changed Is called when it stands otherwise.
   */
  constructor(code, world, changed) {
    this.code = code;
    this.world = world;
    this.changed = changed;
    this.#kept = read(code, world) ?? { token: world.token(), at: world.now(), given: {}, had: {} };
    this.#store();
  }

  /** The answers that were given, by card. */
  get given() {
    return this.#kept.given;
  }

  /** Whether the server has the answer to a card. @param {string} card */
  has(card) {
    const { given, had } = this.#kept;
    return given[card] !== undefined && given[card] === had[card];
  }

  /**
   * Take an answer to a card, and send it as soon as that can be.
   * @param {string} card
   * @param {string} answer
   */
  answer(card, answer) {
    if (this.#kept.given[card] !== answer) {
      this.#kept.given[card] = answer;
      this.#store();
    }
    return this.work();
  }

  /** Join the class, and send what it does not have, until it has all. */
  async work() {
    if (this.#working || this.ended) return;
    this.#working = true;
    let pause = FIRST_PAUSE;
    try {
      for (let next = this.#next(); next !== null; next = this.#next()) {
        if (this.standing === "sent" || this.standing === "wrong") this.#stand("sending");
        const reply = await this.#try(next);
        if (this.ended) return; // meanwhile
        if (reply?.status === 200 && reply.body.answers) {
          pause = FIRST_PAUSE;
          this.#joined = true;
          if (next.card) this.#has(next.card, next.answer ?? "", reply.body.answers[next.card]);
          else this.#kept.had = reply.body.answers;
          this.#store();
        } else if (reply?.status === 404) {
          this.end(reply.body.told);
          return;
        } else if (reply && never(reply)) {
          if (next.card) {
            this.refused[next.card] = next.answer ?? "";
            this.#takeBack(next.card);
          }
          this.#stand("wrong", reply.body.told);
          if (!next.card || this.#next() === null) return;
        } else {
          this.#stand("waiting", reply?.body.told ?? "");
          await this.world.wait(pause * (0.75 + Math.random() / 2));
          if (this.ended) return;
          pause = Math.min(2 * pause, LONGEST_PAUSE);
        }
      }
      this.#stand("sent");
    } finally {
      this.#working = false;
    }
  }

  /** What is to be sent next: to join first, then an answer; null where all is there. */
  #next() {
    if (!this.#joined) return {};
    const { given, had } = this.#kept;
    const card = Object.keys(given).find((each) => given[each] !== had[each]);
    return card === undefined ? null : { card, answer: given[card] };
  }

  /**
   * The server has an answer, which it may write otherwise: 0.00005 as 5e-05.
   * @param {string} card
   * @param {string} sent
   * @param {string} [written]
   */
  #has(card, sent, written = sent) {
    const { given, had } = this.#kept;
    had[card] = written;
    if (given[card] === sent) given[card] = written;
  }

  /** Give up an answer that is not taken; the one that the server has still counts. @param {string} card */
  #takeBack(card) {
    const { given, had } = this.#kept;
    if (had[card] === undefined) delete given[card];
    else given[card] = had[card];
    this.#store();
  }

  /** Whether the class has taken in this page's student. */
  get joined() {
    return this.#joined;
  }

  /** Whether the class is over. */
  get ended() {
    return this.standing === "over";
  }

  /** The class is over. @param {string} told */
  end(told) {
    this.world.storage.removeItem(KEY + this.code);
    this.#stand("over", told);
  }

  /** @param {{ card?: string, answer?: string }} next */
  async #try({ card, answer }) {
    try {
      return await this.world.send(this.#kept.token, card, answer);
    } catch {
      return null;
    }
  }

  /** @param {Standing} standing @param {string} [told] */
  #stand(standing, told = "") {
    if (standing === this.standing && told === this.told) return;
    this.standing = standing;
    this.told = told;
    this.changed();
  }

  #store() {
    try {
      this.world.storage.setItem(KEY + this.code, JSON.stringify(this.#kept));
    } catch {
      // A browser that stores nothing keeps it as long as the page is open.
    }
  }
}

/**
 * Tell whether an answer is not taken: the card does not offer it, or takes none any more. It is not
 * kept for later, when it might replace one without a word.
 * @param {Reply} reply
 */
const never = ({ status }) => status >= 400 && status <= 409 && status !== 408;

/**
 * What is stored of a class, if that is no older than a class may be.
 * @param {string} code
 * @param {World} world
 * @returns {Kept | null}
 */
function read(code, { storage, now }) {
  try {
    const kept = JSON.parse(storage.getItem(KEY + code) ?? "null");
    if (!kept || !(now() - kept.at < LIFE) || !/^[0-9a-f]{32}$/.test(kept.token)) return null;
    return { token: kept.token, at: kept.at, given: { ...kept.given }, had: { ...kept.had } };
  } catch {
    return null;
  }
}

/** @returns {World["storage"]} */
function storage() {
  try {
    return localStorage;
  } catch {
    // Forbidden, as in some frames.
    return { getItem: () => null, setItem() {}, removeItem() {} };
  }
}

/** Forget what is stored of classes that are over. */
function forgetOld() {
  const kept = storage();
  for (const name of Object.keys(kept)) {
    if (!name.startsWith(KEY)) continue;
    try {
      if (Date.now() - JSON.parse(kept.getItem(name) ?? "").at < LIFE) continue;
    } catch {
      // What cannot be read is of no use either.
    }
    kept.removeItem(name);
  }
}

/** @returns {string} */
function token() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Ask for something of a class. Rejects where the app does not answer: a page of a proxy is no answer.
 * @param {string} path Below the classes' address.
 * @param {{ body?: object, key?: string, query?: Record<string, string> }} [more]
 * @returns {Promise<Reply>}
 */
export async function ask(path, { body, key, query = {} } = {}) {
  const address = new URL(`zz/class${path && `/${path}`}`, document.baseURI);
  const lang = document.documentElement.lang;
  address.search = String(new URLSearchParams({ ...(lang && { lang }), ...query }));
  const response = await fetch(address, {
    method: body ? "POST" : "GET",
    body: body ? JSON.stringify(body) : null,
    headers: key ? { Authorization: `Bearer ${key}` } : {},
    signal: AbortSignal.timeout(PATIENCE),
  });
  const { ok, status } = response;
  const type = response.headers.get("content-type") ?? "";
  if (ok && type.includes("csv")) return { status, body: await response.text() };
  const answer = await response.json();
  if (ok ? typeof answer !== "object" || !answer : typeof answer?.told !== "string") {
    throw new TypeError("not the app's answer");
  }
  return { status, body: answer };
}

/**
 * Look at how a class stands, again and again until it is over; return what ends that.
 * @param {string} code
 * @param {(state: any) => void} seen Is called with how it stands.
 * @param {(told: string) => void} over Is called once it is over.
 */
export function look(code, seen, over) {
  let timer = 0;
  let stopped = false;
  const again = async () => {
    try {
      const { status, body } = await ask(code);
      if (stopped) return;
      if (status === 404) return over(body.told);
      if (status === 200 && body.code === code) seen(body);
    } catch {
      // It is said already that nothing can be sent, if there is anything.
    }
    // Not all at the same time.
    if (!stopped) timer = setTimeout(again, LOOK * (0.8 + 0.4 * Math.random()));
  };
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** @type {Map<string, { keeper: Keeper, watchers: Set<() => void> }>} One for each class. */
const keepers = new Map();

/**
 * The keeper of a class, which goes on while the page shows other things. `watch` is called when it
 * stands otherwise.
 * @param {string} code
 * @param {() => void} watch
 */
export function keeperOf(code, watch) {
  let found = keepers.get(code);
  if (!found) {
    forgetOld();
    /** @type {Set<() => void>} */
    const watchers = new Set();
    const world = {
      storage: storage(),
      token,
      now: Date.now,
      wait: (/** @type {number} */ pause) =>
        /** @type {Promise<void>} */ (new Promise((done) => setTimeout(done, pause))),
      send: (
        /** @type {string} */ token,
        /** @type {string} */ card,
        /** @type {string} */ answer,
      ) =>
        ask(`${code}/student`, {
          body: card === undefined ? { token } : { token, card: Number(card), answer },
        }),
    };
    const changed = () => {
      for (const each of watchers) each();
    };
    found = { keeper: new Keeper(code, /** @type {World} */ (world), changed), watchers };
    keepers.set(code, found);
  }
  found.watchers.add(watch);
  return found.keeper;
}

/** @param {string} code @param {() => void} watch */
export const unwatch = (code, watch) => keepers.get(code)?.watchers.delete(watch);
