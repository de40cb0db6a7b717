// The line of a lesson's card that says how it stands with the class: whether the answer is there.

import { keeperOf, look, unwatch } from "./keeping.js";
import { filled, speak, tr } from "./texts.js";

/** @import { Keeper } from "./keeping.js" */
/** @import { Member, ClassTell } from "./class.js" */

/**
 * How it stands with an answer, in words.
 * @param {Keeper} keeper
 * @param {string} card
 */
export function standing(keeper, card) {
  const { code } = keeper;
  if (keeper.standing === "over") return keeper.told;
  if (keeper.standing === "wrong") return filled(tr("Not taken: {told}"), { told: keeper.told });
  if (keeper.given[card] === undefined) return filled(tr("You are in class {code}."), { code });
  if (keeper.has(card)) return filled(tr("Your answer is with class {code}."), { code });
  if (keeper.standing !== "waiting") return tr("Your answer is being sent.");
  const kept = tr("Your answer is kept here and sent as soon as that can be.");
  return keeper.told ? `${keeper.told} ${kept}` : kept;
}

/**
 * How it stands with the answer to a card, for the style and for tests.
 * @param {Keeper} keeper
 * @param {string} card
 */
export function marked(keeper, card) {
  if (keeper.has(card)) return "sent";
  return keeper.standing === "sent" ? "joined" : keeper.standing;
}

class Line {
  #body = document.createElement("div");
  #said = document.createElement("p");
  #class = document.createElement("p");
  #leave = document.createElement("button");
  #stop = () => {}; // looking at how the class stands
  #looking = ""; // at the class of this code
  /** @type {Member | null} */
  #member = null;
  /** @type {ClassTell} */
  #tell = () => {};
  #watch = () => this.#say();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#body.className = "zz-member";
    this.#said.setAttribute("role", "status");
    this.#leave.type = "button";
    this.#leave.addEventListener("click", () => this.#tell("code", ""));
    this.#body.append(this.#said, this.#class, this.#leave);
    root.append(this.#body);
  }

  /** @param {Member} member @param {ClassTell} tell */
  show(member, tell) {
    if (this.#member && this.#member.code !== member.code) unwatch(this.#member.code, this.#watch);
    this.#member = member;
    this.#tell = tell;
    const keeper = keeperOf(member.code, this.#watch);
    if (member.answer) keeper.answer(member.card, member.answer);
    else keeper.work();
    this.#leave.textContent = tr("Leave the class");
    this.#say();
    if (this.#looking === member.code) return;
    this.#looking = member.code;
    this.#stop();
    const over = (/** @type {string} */ told) => keeper.end(told);
    this.#stop = look(member.code, (state) => this.#tellOf(state), over);
  }

  close() {
    this.#stop();
    if (this.#member) unwatch(this.#member.code, this.#watch);
    this.#body.remove();
  }

  #say() {
    if (!this.#member) return;
    const keeper = keeperOf(this.#member.code, this.#watch);
    this.#body.dataset.standing = marked(keeper, this.#member.card);
    const said = standing(keeper, this.#member.card);
    if (keeper.ended) this.#class.textContent = "";
    if (this.#said.textContent !== said) this.#said.textContent = said;
  }

  /** @param {{ card: number, subject: string, counts?: Record<string, number> }} state */
  #tellOf({ card, subject, counts }) {
    if (!this.#member) return;
    const here = subject === this.#member.subject && String(card) === this.#member.card;
    const revealed = Object.entries(counts ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([letter, count]) => `${letter.toUpperCase()} ${count}`);
    let said = "";
    if (!here) said = filled(tr("The class is at card {card}."), { card });
    else if (revealed.length) {
      said = filled(tr("The class answered: {counts}."), { counts: revealed.join(", ") });
    }
    if (this.#class.textContent !== said) this.#class.textContent = said;
  }
}

/** @type {WeakMap<HTMLElement, Line>} */
const lines = new WeakMap();

/** @param {HTMLElement} root @param {Member} member @param {ClassTell} tell */
export function show(root, member, tell) {
  const line = lines.get(root) ?? new Line(root);
  lines.set(root, line);
  speak(member.texts);
  line.show(member, tell);
}

/** @param {HTMLElement} root */
export function close(root) {
  if (root.isConnected) return;
  lines.get(root)?.close();
  lines.delete(root);
}
