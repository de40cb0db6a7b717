// The gallery's cards: links that open an experiment in the lab, filtered by their groups.

/** @import { Gallery, GalleryCard } from "./types.js" */

const WIDTH = 204;
const HEIGHT = 108; // of a picture, in its own units: those of .ci/gallery.py

/** @type {Map<string, Promise<string>>} */
const texts = new Map();

/**
 * The pictures, fetched once: symbols of one SVG.
 * @param {string} address
 */
function pictures(address) {
  const kept = texts.get(address);
  if (kept) return kept;
  const text = fetch(address).then((response) => {
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    return response.text();
  });
  texts.set(address, text);
  return text;
}

/**
 * Show the cards below an element.
 * @param {HTMLElement} root
 * @param {Gallery} gallery
 * @param {string} address Of the pictures.
 * @param {(name: string, value: unknown) => void} tell
 */
export async function show(root, gallery, address, tell) {
  const before = /** @type {HTMLElement | null} */ (root.querySelector(".zz-gallery"));
  const chosen = Number(before?.dataset.group ?? 0);
  const page = node("div", "zz-gallery");
  const filters = node("div", "zz-filters");
  filters.setAttribute("role", "group");
  filters.setAttribute("aria-label", gallery.label);
  const head = node("div", "zz-head");
  const words = node("div", "");
  words.append(node("h1", "", gallery.title), node("p", "", gallery.promise));
  head.append(words, filters);
  const groups = node("div", "zz-groups");
  const sections = gallery.groups.map(({ name, cards }) => section(name, cards, gallery.here));
  groups.append(...sections);
  page.append(head, groups);

  /** @param {number} group Its place from 1, 0 for all. */
  const filter = (group) => {
    page.dataset.group = String(group);
    for (const [place, button] of [...filters.children].entries())
      button.setAttribute("aria-pressed", String(place === group));
    for (const [place, part] of sections.entries())
      part.hidden = group !== 0 && place + 1 !== group;
  };
  for (const [place, text] of [gallery.all, ...gallery.groups.map((g) => g.filter)].entries()) {
    const button = node("button", "", text);
    button.setAttribute("type", "button");
    button.addEventListener("click", () => filter(place));
    filters.append(button);
  }
  filter(chosen);
  // A link with a modifier, or another button, opens a page of its own, as links do.
  page.addEventListener("click", (event) => {
    const card = /** @type {Element} */ (event.target).closest("a");
    if (!card || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    tell("chosen", card.dataset.slug);
  });
  // Beside it is the style sheet, which Streamlit put there.
  before?.remove();
  root.append(page);
  const drawn = node("div", "zz-drawn");
  drawn.innerHTML = await pictures(address);
  page.append(drawn);
  root.dataset.shown = String(Number(root.dataset.shown ?? 0) + 1);
}

/**
 * A group of cards under its heading.
 * @param {string} name
 * @param {GalleryCard[]} cards
 * @param {string} here The slug that the lab shows.
 */
function section(name, cards, here) {
  const part = node("section", "");
  // As many cards to a line as make its lines equally long.
  for (const [name, most] of /** @type {const} */ ([
    ["seven", 7],
    ["five", 5],
    ["four", 4],
  ]))
    part.style.setProperty(
      `--in-${name}`,
      `${Math.ceil(cards.length / Math.ceil(cards.length / most))}`,
    );
  const list = node("div", "zz-cards");
  list.append(
    ...cards.map(({ slug, link, title, caption, axes }) => {
      const card = /** @type {HTMLAnchorElement} */ (node("a", "zz-card"));
      card.href = link;
      card.dataset.slug = slug;
      if (slug === here) card.setAttribute("aria-current", "true");
      card.innerHTML = `<svg aria-hidden="true" viewBox="0 0 ${WIDTH} ${HEIGHT}"><use href="#zz-${slug}"/></svg>`;
      const [across, up] = axes;
      if (across) card.firstElementChild?.append(word(`${across} →`, WIDTH - 4, HEIGHT - 5, "end"));
      if (up) card.firstElementChild?.append(word(`↑ ${up}`, 4, 13, "start"));
      card.append(node("strong", "", title), node("span", "", caption));
      return card;
    }),
  );
  part.append(node("h2", "", name), list);
  return part;
}

/**
 * A word on a picture, in the picture's units.
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {"start" | "end"} anchor
 */
function word(text, x, y, anchor) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "text");
  made.setAttribute("x", String(x));
  made.setAttribute("y", String(y));
  made.setAttribute("text-anchor", anchor);
  made.textContent = text;
  return made;
}

/**
 * @param {string} tag
 * @param {string} name Of its class.
 * @param {string} [text]
 * @returns {HTMLElement}
 */
function node(tag, name, text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}
