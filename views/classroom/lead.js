// What a teacher leads a class from: what it is asked, how many have answered, and what was revealed.

import { saveAs } from "./file.js";
import { ask } from "./keeping.js";
import { button, link, node, say, told } from "./nodes.js";
import { Revealed } from "./revealed.js";
import { filled, tr } from "./texts.js";

/** @import { Card, ClassPage, ClassTell, Standing } from "./class.js" */
/** @import { Keys } from "./held.js" */

const LOOK = 500; // milliseconds between two looks
const LONGEST_LOOK = 8000; // while nothing answers

export class Lead {
  #timer = 0;
  #pause = LOOK;
  #closed = false;
  /** @type {Revealed} */
  #picture;
  /** @type {Standing | null} */
  #state = null;
  /** @type {Card | null} */
  #card = null;
  #asked = ""; // what the card depends on that was asked for last
  #ending = false; // whether to end it has been asked for once
  #offered = ""; // the buttons
  #parts = {
    title: node("h1", "", tr("Ask the class")), // until the card is there
    sub: node("p", "zz-class-sub"),
    actions: node("div", "zz-class-actions"),
    code: node("b", "zz-class-code"),
    open: node("span", "zz-class-open"),
    answered: node("p", "zz-class-answered"),
    kinds: node("ul", "zz-class-kinds"),
    measured: node("div", "zz-class-measured"),
    stage: node("div", "zz-class-stage"),
    told: told("zz-class-told"),
  };

  /**
   * @param {ClassPage} data
   * @param {string} key
   * @param {{ tell: ClassTell, keys: Keys, over: (told: string) => void, refuse: () => void }} ways
   *   What is told to the page, and what to do once the class is over, or the key is none of it.
   */
  constructor(data, key, ways) {
    this.data = data;
    this.key = key;
    this.ways = ways;
    this.#picture = new Revealed(data);
    const { title, sub, actions, code, open, answered, kinds, measured, stage } = this.#parts;
    const qr = node("div", "zz-class-qr");
    qr.innerHTML = data.qr; // made here, of the link alone
    qr.setAttribute("role", "img");
    qr.setAttribute("aria-label", tr("QR code of the link"));
    say(code, data.code);
    const address = link(data.link.replace(/^https?:\/\//, ""), data.link, {
      name: "zz-class-link",
    });
    const own = button(tr("Copy the teacher's link"), () => this.#copy(own), "zz-class-small");
    const note = node(
      "p",
      "zz-class-note",
      tr(
        "No names, no accounts. The answers are deleted when the class ends, after a day at most.",
      ),
    );
    this.body = node("div", "zz-class zz-class-lead", [
      node("header", "", [node("div", "", [title, sub]), actions]),
      this.#parts.told,
      node("div", "zz-class-main", [
        node("aside", "", [
          node("div", "zz-class-door-card", [
            qr,
            node("div", "", [node("span", "", tr("Code")), code, open]),
          ]),
          address,
          answered,
          kinds,
          measured,
          ...(data.presenting ? [] : [note, own]),
        ]),
        stage,
      ]),
    ]);
    this.#look();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#picture.close();
  }

  /** Ask how the class stands, again and again, and less often while nothing answers. */
  async #look() {
    clearTimeout(this.#timer);
    try {
      const reply = await ask(this.data.code, { key: this.key });
      this.#pause = reply.status < 500 ? LOOK : this.#longer();
      this.#take(reply);
    } catch {
      this.#pause = this.#longer();
      say(this.#parts.told, tr("The server does not answer. It is asked again."));
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), this.#pause);
  }

  #longer = () => Math.min(2 * this.#pause, LONGEST_LOOK);

  /** @param {import("./keeping.js").Reply} reply */
  #take({ status, body }) {
    if (this.#closed) return;
    if (status === 404) {
      this.close();
      this.ways.over(body.told);
      return;
    }
    say(this.#parts.told, status === 200 ? "" : body.told);
    if (status !== 200 || body.code !== this.data.code) return; // or another's answer
    if (body.joined === undefined) {
      this.close();
      this.ways.refuse();
      return;
    }
    this.ways.keys.keep(this.data.code, this.key);
    if (JSON.stringify(body) === JSON.stringify(this.#state)) return;
    this.#state = body;
    this.#draw();
    this.#askCard(body);
  }

  /**
   * Say what the class is to do, and show how it stands then.
   * @param {object} order
   */
  async #order(order) {
    try {
      const reply = await ask(this.data.code, { key: this.key, body: order });
      if (reply.status === 200 && !reply.body.ended) this.#take(reply);
      else if (reply.status !== 200) say(this.#parts.told, reply.body.told);
      return reply;
    } catch {
      say(this.#parts.told, tr("The server does not answer. Try again."));
      return null;
    }
  }

  /** @param {Standing} state */
  async #askCard({ card, revealed, counts, subject }) {
    // What is drawn of choices is made of them.
    const of = subject in this.data.choices && revealed ? JSON.stringify(counts) : "";
    const asked = JSON.stringify([card, revealed, of]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    try {
      const query = { theme: this.data.theme };
      const { status, body } = await ask(`${this.data.code}/card`, { key: this.key, query });
      if (asked !== this.#asked || this.#closed) return;
      if (status === 200) {
        this.#card = body;
        this.#draw();
        return;
      }
      say(this.#parts.told, body.told);
    } catch {
      // It is asked for again with the next look.
    }
    if (asked === this.#asked) {
      this.#asked = "";
      this.#state = null;
    }
  }

  #draw() {
    const state = this.#state;
    if (!state) return;
    const parts = this.#parts;
    const counts = state.counts ?? {};
    const answers = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (this.#card) say(parts.title, this.#card.title);
    say(parts.sub, this.#card?.said ?? "");
    say(parts.open, state.open ? tr("open") : tr("closed"));
    parts.answered.replaceChildren(
      node("b", "", String(answers)),
      ` ${filled(tr("of {count} answered"), { count: state.joined ?? 0 })}`,
    );
    // Another card may be on its way.
    const card = this.#card?.card === state.card ? this.#card : null;
    const found = state.revealed ? card?.found : undefined;
    this.body.toggleAttribute("data-revealed", state.revealed);
    this.body.toggleAttribute("data-cards", state.cards > 1);
    this.#drawActions(state, answers, found);
    parts.kinds.replaceChildren(...(found?.kinds ?? []).map(kind));
    parts.measured.hidden = !found?.measured.length;
    parts.measured.replaceChildren(
      node("h2", "", tr("Measured")),
      node("p", "", (found?.measured ?? []).join(" ")),
      ...(found?.why ? [node("p", "", [node("b", "", `${tr("Why")}.`), ` ${found.why}`])] : []),
    );
    if (!card) return;
    const asked = card.answers.length ? bars(card, state, answers) : [];
    const more = found ? this.#picture.show(found) : [hidden()];
    parts.stage.replaceChildren(...asked, ...more);
    parts.stage.classList.toggle("zz-class-beside", Boolean(found?.beside));
    if (found) this.#picture.draw();
    else this.#picture.close();
  }

  /** @param {Standing} state @param {number} answers @param {Card["found"]} found */
  #drawActions(state, answers, found) {
    const { card, cards, open, revealed } = state;
    const made = [];
    if (cards > 1) {
      const before = button(tr("Previous"), () => this.#order({ card: card - 1 }));
      before.disabled = card === 1;
      const goesOn = revealed && card < cards;
      const next = goesOn ? "zz-primary" : "";
      const after = button(tr("Next"), () => this.#order({ card: card + 1 }), next);
      after.disabled = card === cards;
      const place = filled(tr("Card {place} of {count}"), { place: card, count: cards });
      made.push(before, node("span", "", place), after);
    }
    made.push(
      open
        ? button(tr("Close answers"), () => this.#order({ open: false }))
        : button(tr("Reopen answers"), () => this.#order({ open: true })),
    );
    if (!revealed)
      made.push(button(tr("Reveal"), () => this.#order({ revealed: true }), "zz-primary"));
    else if (found?.played) {
      const name = `zz-class-button${card === cards ? " zz-primary" : ""}`;
      made.push(link(`▶ ${tr("Play this card")}`, found.played, { name, apart: true }));
    } else if (found && answers) {
      const label = filled(tr("Play all {count}"), { count: answers });
      made.push(button(`▶ ${label}`, () => this.#picture.play(), "zz-primary"));
    }
    const { presenting } = this.data;
    if (!presenting) made.push(button(tr("Save CSV"), () => this.#save()));
    made.push(
      button(presenting ? tr("Leave presentation") : tr("Present"), () =>
        this.ways.tell("present", !presenting),
      ),
    );
    if (!presenting) {
      made.push(
        this.#ending
          ? button(tr("Delete all answers now"), () => this.#end(), "zz-danger")
          : button(tr("End the class"), () => {
              this.#ending = true;
              this.#draw();
            }),
      );
    }
    const parts = this.#parts;
    // A button that is as it was stays: one that is pressed just now would not be heard.
    const shown = JSON.stringify([card, ...made.map((each) => each.outerHTML)]);
    if (shown === this.#offered) return;
    this.#offered = shown;
    // What has the focus keeps it: a button is put in the place of its like.
    const at = [...parts.actions.children].indexOf(/** @type {Element} */ (document.activeElement));
    parts.actions.replaceChildren(...made);
    if (at >= 0) made[Math.min(at, made.length - 1)].focus();
  }

  async #end() {
    const reply = await this.#order({ end: true });
    if (!reply?.body.ended) return;
    this.close();
    this.ways.over(tr("The class has ended, and its answers are deleted."));
  }

  async #save() {
    try {
      const { status, body } = await ask(`${this.data.code}/answers.csv`, { key: this.key });
      if (status !== 200) return say(this.#parts.told, body.told);
      saveAs(new Blob([body], { type: "text/csv" }), `class-${this.data.code}.csv`);
    } catch {
      say(this.#parts.told, tr("The server does not answer. Try again."));
    }
  }

  /** @param {HTMLElement} at */
  async #copy(at) {
    const own = `${this.data.link}#${this.key}`;
    try {
      await navigator.clipboard.writeText(own);
      say(at, tr("Copied. Whoever has it leads the class."));
    } catch {
      prompt(tr("The teacher's link"), own);
    }
  }
}

/** What stands in place of what is not revealed. */
const hidden = () =>
  node("p", "zz-class-hidden", tr("The answers are hidden until you reveal them."));

/**
 * A card's question and answers; once these are revealed, each with its bar, and which is right.
 * @param {Card} card
 * @param {Standing} state
 * @param {number} answers
 */
function bars(card, { counts = {}, revealed }, answers) {
  const right = (revealed && card.found?.right) || [];
  const list = node(
    "ul",
    "zz-class-bars",
    card.answers.map(([letter, text]) => {
      const count = counts[letter] ?? 0;
      const bar = node("i");
      bar.style.width = revealed && answers ? `${(100 * count) / answers}%` : "0";
      const holds = right.includes(letter);
      return node("li", holds ? "zz-right" : "", [
        node("b", "", letter.toUpperCase()),
        node("span", "", text),
        node("small", "", holds ? `✓ ${tr("measured")}` : ""),
        node("em", "", revealed ? String(count) : ""),
        bar,
      ]);
    }),
  );
  const shown = link(tr("Show this card"), card.link, { apart: true });
  return [
    node("p", "zz-class-ask", card.question),
    list,
    ...(revealed ? [] : [node("p", "", [shown])]),
  ];
}

/** @param {[string, string]} kind */
function kind([colour, text]) {
  const [, before, number, after] = /^(\D*)(\d+(?:,\d{3})*)(.*)$/.exec(text) ?? ["", "", "", text];
  const mark = node("i");
  mark.style.background = colour;
  return node("li", "", [mark, node("span", "", [before, node("b", "", number), after])]);
}
