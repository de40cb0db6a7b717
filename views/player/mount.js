// What stands below an element of the page: made once, shown anew with every picture, given back.

/** @import { Picture, Tell } from "./types.js" */

/**
 * What can stand below an element. `tell` is null where nobody listens, as in a saved page.
 * @template {Picture} Kind
 * @typedef {object} Shown
 * @property {HTMLElement} body
 * @property {(picture: Kind, tell: Tell | null) => Promise<void>} show
 * @property {() => void} close
 */

/**
 * The colour of the page around an element, as Streamlit says it; empty elsewhere.
 * @param {HTMLElement} node
 */
export const pageColour = (node) =>
  getComputedStyle(node).getPropertyValue("--st-background-color").trim().toLowerCase();

/**
 * Return what shows pictures below elements, and what clears up after it. `read` makes a picture of
 * what is given: packed bytes, or a picture that lacks something.
 * @template {Picture} Kind
 * @template {object} Source
 * @param {(root: HTMLElement) => Shown<Kind>} make
 * @param {(source: Source) => Promise<Kind>} read
 */
export function mounting(make, read) {
  /** @type {WeakMap<HTMLElement, { shown: Shown<Kind>, turn: number, page: string }>} */
  const mounts = new WeakMap();
  return {
    /**
     * Show a picture under `root`, keeping what the reader did to the one before.
     * `tell(name, value)` reports what the reader does, and the page's colour if the picture was
     * made for another.
     * @param {HTMLElement} root
     * @param {Source} source
     * @param {Tell | null} [tell]
     */
    async show(root, source, tell = null) {
      const mount = mounts.get(root) ?? { shown: make(root), turn: 0, page: "" };
      mounts.set(root, mount);
      root.querySelector(".zz-wait")?.remove();
      mount.turn += 1;
      const { turn } = mount;
      const picture = await read(source);
      if (turn !== mount.turn) return; // a newer one came while this one was unpacked
      const page = pageColour(root); // before anything is changed, while that is known
      await mount.shown.show(picture, tell);
      if (page && page !== picture.page && page !== mount.page) {
        mount.page = page;
        tell?.("theme", page);
      }
      root.dataset.scene = picture.id;
      root.dataset.shown = String(Number(root.dataset.shown ?? 0) + 1);
    },

    /**
     * Give back everything that was made under `root`, once that has left the page: Streamlit also
     * cleans up after data that newer data overtook.
     * @param {HTMLElement} root
     */
    close(root) {
      if (root.isConnected) return;
      mounts.get(root)?.shown.close();
      mounts.delete(root);
    },
  };
}
