// The teacher's keys that this browser holds, a class's each.

const KEY = "zigzag-key-"; // of what is stored, before the code
const FORM = /^[\w-]{22}$/; // as the server makes them

/**
 * @typedef {object} World What it needs of the browser.
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
 * @property {() => string} behind What stands behind the # of the address.
 * @property {() => void} hide Takes that out of the address.
 */

/**
 * A key comes in the address behind #, from where it goes into the browser's own store once the
 * server has taken it. What else stands there is no key.
 */
export class Keys {
  /** @type {Map<string, string>} Those of addresses, which the server has not been asked about. */
  #offered = new Map();
  /** @type {Map<string, string>} Those that the server has taken while this page is open. */
  #kept = new Map();

  /** @param {World} world */
  constructor(world) {
    this.world = world;
  }

  /** The key of a class, if there is one. @param {string} code */
  of(code) {
    const given = this.world.behind();
    if (FORM.test(given)) {
      this.#offered.set(code, given);
      // An address that is shown to a class must not tell the key.
      this.world.hide();
    }
    return this.#offered.get(code) ?? this.#kept.get(code) ?? this.#stored(code);
  }

  /** The server has taken a key. @param {string} code @param {string} key */
  keep(code, key) {
    this.#offered.delete(code);
    if (this.#kept.get(code) === key) return;
    this.#kept.set(code, key);
    try {
      this.world.storage.setItem(KEY + code, key);
    } catch {
      // It is known as long as the page is open.
    }
  }

  /** The server has not taken a key: it is another class's. @param {string} code @param {string} key */
  refuse(code, key) {
    if (this.#offered.get(code) === key) this.#offered.delete(code);
    else this.forget(code);
  }

  /** @param {string} code */
  forget(code) {
    this.#offered.delete(code);
    this.#kept.delete(code);
    try {
      this.world.storage.removeItem(KEY + code);
    } catch {
      // Nothing was stored.
    }
  }

  /** @param {string} code */
  #stored(code) {
    try {
      return this.world.storage.getItem(KEY + code);
    } catch {
      return null;
    }
  }
}
