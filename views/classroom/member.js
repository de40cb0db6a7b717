// The line of a lesson's card that says how it stands with the class: whether the answer is there,
// and where the class is.

import { keeperOf, look, unwatch } from "./keeping.js";
import { button, link, node, say, told } from "./nodes.js";
import { filled, speak, tr } from "./texts.js";

/** @import { Keeper } from "./keeping.js" */
/** @import { Member, ClassTell, Standing } from "./class.js" */

const UNANSWERED = "-"; // as a link has it

/**
 * How it stands with an answer, in words.
 * @param {Keeper} keeper
 * @param {string} card
 */
export function standing(keeper, card) {
  const { code } = keeper;
  if (keeper.ended) {
    return keeper.joined ? tr("The class has ended, and its answers are deleted.") : keeper.told;
  }
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
  if (keeper.has(card) && !keeper.ended) return "sent";
  return keeper.standing === "sent" ? "joined" : keeper.standing;
}

class Line {
  #body = node("div", "zz-member");
  #said = told("");
  #class = node("p");
  #leave = button("", () => this.#tell("code", ""), "zz-member-leave");
  #stop = () => {}; // looking at how the class stands
  #looking = ""; // at the class of this code
  /** @type {Member | null} */
  #member = null;
  /** @type {Standing | null} How the class stood when it was last looked at. */
  #state = null;
  /** @type {ClassTell} */
  #tell = () => {};
  #watch = () => {
    this.#say();
    this.#recall();
  };

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#body.append(this.#said, this.#class, this.#leave);
    root.append(this.#body);
  }

  /** @param {Member} member @param {ClassTell} tell */
  show(member, tell) {
    if (this.#member && this.#member.code !== member.code) {
      unwatch(this.#member.code, this.#watch);
      this.#state = null;
    }
    this.#member = member;
    this.#tell = tell;
    const { refused } = keeperOf(member.code, this.#watch);
    if (refused[member.card] !== member.answer) delete refused[member.card]; // it may be given anew
    this.#leave.textContent = tr("Leave the class");
    this.#send();
    this.#say();
    if (this.#looking === member.code) return;
    this.#looking = member.code;
    this.#stop();
    this.#stop = look(
      member.code,
      (state) => this.#take(state),
      (why) => this.#end(why),
    );
  }

  close() {
    this.#stop();
    if (this.#member) unwatch(this.#member.code, this.#watch);
    this.#body.remove();
  }

  /** Send the answer, if it is one to what the class is asked. */
  #send() {
    if (!this.#member) return;
    const { code, answer, card, subject, standing } = this.#member;
    const keeper = keeperOf(code, this.#watch);
    const state = this.#state ?? standing;
    const refused = answer && keeper.refused[card] === answer;
    if (answer && !refused && state?.subject === subject) keeper.answer(card, answer);
    // Why it was not taken is to be read until the class is open again.
    else if (keeper.standing !== "wrong" || state?.open) keeper.work();
    this.#recall();
  }

  /** Let the link have the answer that counts: none that was refused, and one given before. */
  #recall() {
    if (!this.#member) return;
    const { code, answer, card, subject, standing } = this.#member;
    if (standing?.subject !== subject) return;
    const keeper = keeperOf(code, this.#watch);
    const counts = keeper.given[card] ?? "";
    if (answer ? keeper.refused[card] === answer : counts) {
      this.#tell("answer", [card, counts || UNANSWERED]);
    }
  }

  #say() {
    if (!this.#member) return;
    const { code, card, stage } = this.#member;
    const keeper = keeperOf(code, this.#watch);
    this.#body.dataset.standing = marked(keeper, card);
    const waits = stage === "asked" || stage === "closed";
    const said = [standing(keeper, card)];
    if (keeper.has(card) && waits) said.push(tr("The result comes when it is revealed."));
    say(this.#said, said.join(" "));
    this.#class.replaceChildren(...(keeper.ended ? [] : this.#sayClass()));
  }

  /** @returns {(Node | string)[]} Where the class is, and what it answered. */
  #sayClass() {
    const [state, member] = [this.#state, this.#member];
    if (!state || !member) return [];
    if (state.subject !== member.subject) {
      const there = `./class?${new URLSearchParams({ class: member.code })}`;
      return [link(tr("The class is asked something else: go there"), there)];
    }
    if (String(state.card) !== member.card) {
      const text = filled(tr("The class is at card {card}: go there"), { card: state.card });
      return [button(text, () => this.#tell("go", state.card), "zz-member-go")];
    }
    const revealed = Object.entries(state.counts ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([letter, count]) => `${letter.toUpperCase()} ${count}`);
    if (!revealed.length) return [];
    return [filled(tr("The class answered: {counts}."), { counts: revealed.join(", ") })];
  }

  /** @param {Standing} state */
  #take(state) {
    this.#state = state;
    this.#send();
    this.#say();
    const { subject, card, open, revealed } = state;
    this.#report({ subject, card, open, revealed });
  }

  /** @param {string} why */
  #end(why) {
    if (!this.#member) return;
    keeperOf(this.#member.code, this.#watch).end(why);
    this.#report({ over: true });
  }

  /** Tell the page how the class stands, unless it knows. @param {object} standing */
  #report(standing) {
    const known = this.#member?.standing;
    if (JSON.stringify(standing) !== JSON.stringify(known)) this.#tell("standing", standing);
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
