// The page of a class: the door, a student's choice, and what the teacher leads it from.

import { Choices } from "./choices.js";
import { saveAs } from "./file.js";
import { ask, keeperOf, look, unwatch } from "./keeping.js";
import { marked, standing } from "./member.js";
import { filled, speak, tr } from "./texts.js";

/** @import { Card, ClassPage, ClassTell, Standing } from "./class.js" */

const LOOK = 500; // milliseconds between two looks of the teacher's page
const KEY = "zigzag-key-"; // of what is stored, before the code
const KEY_FORM = /^[\w-]{22}$/; // as the server makes them

/**
 * @param {string} tag
 * @param {string} [name] Of its class.
 * @param {string | (Node | string)[]} [inside]
 * @returns {HTMLElement}
 */
function node(tag, name = "", inside = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...(typeof inside === "string" ? [inside] : inside));
  return made;
}

/**
 * @param {string} text
 * @param {() => void} act
 * @param {string} [name]
 */
function button(text, act, name = "") {
  const made = /** @type {HTMLButtonElement} */ (node("button", name, text));
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** @param {HTMLElement} at @param {string} text */
function say(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

/**
 * The teacher's key: in the address behind #, from where it goes into the browser's own store once
 * the server has taken it. What else stands there is no key.
 */
const keys = {
  /** @param {string} code */
  of(code) {
    const given = location.hash.slice(1);
    if (KEY_FORM.test(given)) {
      offered.set(code, given);
      // An address that is shown to a class must not tell the key.
      history.replaceState(history.state, "", location.pathname + location.search);
    }
    return offered.get(code) ?? kept.get(code) ?? stored(code);
  },
  /** The server has taken a key. @param {string} code @param {string} key */
  keep(code, key) {
    offered.delete(code);
    if (kept.get(code) === key) return;
    kept.set(code, key);
    try {
      localStorage.setItem(KEY + code, key);
    } catch {
      // It is known as long as the page is open.
    }
  },
  /** The server has not taken a key: it is another class's. @param {string} code @param {string} key */
  refuse(code, key) {
    if (offered.get(code) === key) offered.delete(code);
    else this.forget(code);
  },
  /** @param {string} code */
  forget(code) {
    kept.delete(code);
    try {
      localStorage.removeItem(KEY + code);
    } catch {
      // Nothing was stored.
    }
  },
};
/** @type {Map<string, string>} Those of addresses, which the server has not been asked about. */
const offered = new Map();
/** @type {Map<string, string>} */
const kept = new Map();

/** @param {string} code */
function stored(code) {
  try {
    return localStorage.getItem(KEY + code);
  } catch {
    return null;
  }
}

class Page {
  /** @type {{ close(): void } | null} */
  #part = null;
  #shown = "";
  #told = ""; // why there is no class any more

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
  }

  /** @param {ClassPage} data @param {ClassTell} tell */
  async show(data, tell) {
    const key = data.code && keys.of(data.code);
    const shown = JSON.stringify([data, Boolean(key)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (data.code) this.#told = "";
    const over = (/** @type {string} */ told) => {
      keys.forget(data.code);
      this.#told = told;
      tell("code", "");
    };
    const refuse = () => {
      keys.refuse(data.code, key ?? "");
      this.#shown = "";
      this.show(data, tell);
    };
    if (key) this.#put(new Lead(this.root, data, key, { tell, over, refuse }));
    else if (data.code) await this.#come(data, tell);
    else this.#put(new Door(this.root, data, tell, this.#told));
    this.root.dataset.shown = String(Number(this.root.dataset.shown ?? 0) + 1);
  }

  close() {
    this.#part?.close();
    this.#part = null;
  }

  /** @param {{ close(): void, body: HTMLElement }} part */
  #put(part) {
    this.close();
    this.#part = part;
    this.root.querySelector(".zz-class")?.remove();
    this.root.append(part.body);
  }

  /**
   * Lead a student to what the class is asked.
   * @param {ClassPage} data
   * @param {ClassTell} tell
   */
  async #come(data, tell) {
    const shown = this.#shown;
    let told = tr("The server does not answer. It is asked again.");
    try {
      const { status, body } = await ask(data.code);
      if (shown !== this.#shown) return;
      if (status === 200 && body.subject !== data.choice) {
        tell("lesson", [body.subject, String(body.card)]);
        return;
      }
      if (status === 200) {
        this.#put(new Choose(this.root, data, tell));
        return;
      }
      told = body.told;
      if (status === 404) {
        this.#put(new Door(this.root, { ...data, code: "" }, tell, told));
        return;
      }
    } catch {
      // Nothing answers.
    }
    this.#put(new Door(this.root, data, tell, told));
    setTimeout(
      () => shown === this.#shown && this.root.isConnected && this.#come(data, tell),
      2000,
    );
  }
}

// --- The door

class Door {
  /**
   * @param {HTMLElement} root
   * @param {ClassPage} data
   * @param {ClassTell} tell
   * @param {string} [told] Why no class is shown.
   */
  constructor(root, data, tell, told = "") {
    this.root = root;
    const said = node("p", "zz-class-told", told);
    said.setAttribute("role", "status");
    const code = /** @type {HTMLInputElement} */ (node("input"));
    Object.assign(code, { value: data.code, maxLength: 4, autocomplete: "off", required: true });
    code.setAttribute("autocapitalize", "characters");
    code.setAttribute("spellcheck", "false");
    const join = node("form", "zz-class-card", [
      node("h2", "", tr("Join a class")),
      node("p", "", tr("Type the code that the class shows. Nobody asks for a name.")),
      node("label", "", [node("span", "", tr("Code")), code]),
      node("button", "zz-primary", tr("Join")),
    ]);
    join.addEventListener("submit", (event) => {
      event.preventDefault();
      tell("code", code.value.trim().toUpperCase());
    });
    const subject = /** @type {HTMLSelectElement} */ (node("select"));
    for (const [name, title] of data.subjects) subject.append(new Option(title, name));
    const refused = node("p", "zz-class-told");
    refused.setAttribute("role", "status");
    const open = /** @type {HTMLButtonElement} */ (
      node("button", "zz-primary", tr("Open the class"))
    );
    const teach = node("form", "zz-class-card", [
      node("h2", "", tr("Open a class")),
      node("p", "", tr("Students answer on their own devices, and you reveal what they answered.")),
      node("label", "", [node("span", "", tr("What it is asked")), subject]),
      open,
      refused,
    ]);
    teach.addEventListener("submit", async (event) => {
      event.preventDefault();
      open.disabled = true;
      const told = await openClass(subject.value, tell);
      say(refused, told);
      open.disabled = false;
    });
    this.body = node("div", "zz-class zz-class-door", [
      node("h1", "", tr("Ask the class")),
      said,
      node("div", "zz-class-cards", [join, teach]),
      node(
        "p",
        "zz-class-note",
        tr(
          "No names, no accounts. The answers are deleted when the class ends, after a day at most.",
        ),
      ),
    ]);
  }

  close() {}
}

/**
 * Open a class and go to it; return why that could not be.
 * @param {string} subject
 * @param {ClassTell} tell
 * @returns {Promise<string>}
 */
async function openClass(subject, tell) {
  try {
    const { status, body } = await ask("", { body: { subject } });
    if (status !== 201) return body.told;
    keys.keep(body.code, body.key);
    tell("code", body.code);
    return "";
  } catch {
    return tr("The server does not answer. Try again.");
  }
}

// --- A student's choice

class Choose {
  #watch = () => this.#say();
  #stop = () => {}; // looking at how the class stands
  #send = /** @type {HTMLButtonElement} */ (node("button", "zz-primary", tr("Send")));
  #said = node("p", "zz-class-said");

  /** @param {HTMLElement} root @param {ClassPage} data @param {ClassTell} tell */
  constructor(root, data, tell) {
    this.root = root;
    this.code = data.code;
    const { low, high, start } = data.rates;
    const keeper = keeperOf(data.code, this.#watch);
    const first = Number(keeper.given[1] ?? start);
    const slider = /** @type {HTMLInputElement} */ (node("input"));
    const field = /** @type {HTMLInputElement} */ (node("input"));
    // A slider of exponents, over the rates that are usual; the field takes any.
    Object.assign(slider, { type: "range", min: "-4", max: "0", step: "0.01" });
    slider.value = String(Math.log10(first));
    slider.setAttribute("aria-label", tr("Learning rate"));
    Object.assign(field, { type: "text", inputMode: "decimal", value: written(first) });
    field.setAttribute("aria-label", tr("Learning rate, as a number"));
    const wrong = node("p", "zz-class-told");
    wrong.setAttribute("role", "status");
    slider.addEventListener("input", () => {
      field.value = written(10 ** Number(slider.value));
      say(wrong, "");
    });
    const form = node("form", "zz-class-card", [
      node("label", "zz-class-rate", [node("span", "", tr("Learning rate")), field]),
      slider,
      this.#send,
      wrong,
      this.#said,
    ]);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const rate = Number(field.value.trim().replace(",", "."));
      const text = tr("Type a number from {low} to {high}.");
      if (!(rate >= low && rate <= high)) return say(wrong, filled(text, { low, high }));
      say(wrong, "");
      slider.value = String(Math.log10(rate));
      keeper.answer("1", String(rate));
    });
    this.#said.setAttribute("role", "status");
    this.body = node("div", "zz-class zz-class-choose", [
      node("h1", "", data.asked[0]),
      node("p", "zz-class-sub", data.asked[1]),
      form,
      button(tr("Leave the class"), () => tell("code", "")),
    ]);
    this.#say();
    keeper.work();
    const seen = (/** @type {{ open: boolean }} */ { open }) => {
      this.#send.disabled = !open;
      say(wrong, open ? "" : tr("The class takes no answers now."));
    };
    this.#stop = look(data.code, seen, (told) => keeper.end(told));
  }

  close() {
    this.#stop();
    unwatch(this.code, this.#watch);
  }

  #say() {
    const keeper = keeperOf(this.code, this.#watch);
    const own = keeper.given[1];
    const chose = own === undefined ? "" : `${filled(tr("You chose {rate}."), { rate: own })} `;
    if (keeper.ended) this.#send.disabled = true;
    this.#said.dataset.standing = marked(keeper, "1");
    say(this.#said, chose + standing(keeper, "1"));
  }
}

/** A rate as it is typed. @param {number} rate */
const written = (rate) => String(Number(rate.toPrecision(2)));

// --- The teacher's

class Lead {
  #timer = 0;
  #closed = false;
  #picture = new Choices();
  /** @type {Standing | null} */
  #state = null;
  /** @type {Card | null} */
  #card = null;
  #asked = ""; // what the card depends on that was asked for last
  #ending = false; // whether to end it has been asked for once
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
    told: node("p", "zz-class-told"),
  };

  /**
   * @param {HTMLElement} root
   * @param {ClassPage} data
   * @param {string} key
   * @param {{ tell: ClassTell, over: (told: string) => void, refuse: () => void }} ways What is told
   *   to the page, and what to do once the class is over, or the key is none of it.
   */
  constructor(root, data, key, ways) {
    Object.assign(this, { root });
    this.data = data;
    this.key = key;
    this.ways = ways;
    const { title, sub, actions, code, open, answered, kinds, measured, stage, told } = this.#parts;
    told.setAttribute("role", "status");
    const qr = node("div", "zz-class-qr");
    qr.innerHTML = data.qr; // made here, of the link alone
    qr.setAttribute("role", "img");
    qr.setAttribute("aria-label", tr("QR code of the link"));
    say(code, data.code);
    const link = node("a", "zz-class-link", data.link.replace(/^https?:\/\//, ""));
    link.setAttribute("href", data.link);
    const own = button(tr("Copy the teacher's link"), () => this.#copy(own), "zz-class-small");
    this.body = node("div", "zz-class zz-class-lead", [
      node("header", "", [node("div", "", [title, sub]), actions]),
      told,
      node("div", "zz-class-main", [
        node("aside", "", [
          node("div", "zz-class-door-card", [
            qr,
            node("div", "", [node("span", "", tr("Code")), code, open]),
          ]),
          link,
          answered,
          kinds,
          measured,
          node(
            "p",
            "zz-class-note",
            tr(
              "No names, no accounts. The answers are deleted when the class ends, after a day at most.",
            ),
          ),
          own,
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

  /** Ask how the class stands, again and again. */
  async #look() {
    clearTimeout(this.#timer);
    try {
      this.#take(await ask(this.data.code, { key: this.key }));
    } catch {
      say(this.#parts.told, tr("The server does not answer. It is asked again."));
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), LOOK);
  }

  /** @param {import("./keeping.js").Reply} reply */
  #take({ status, body }) {
    if (this.#closed) return;
    if (status === 404) {
      this.close();
      this.ways.over(body.told);
      return;
    }
    say(this.#parts.told, status === 200 ? "" : body.told);
    if (status !== 200) return;
    if (body.joined === undefined) {
      this.close();
      this.ways.refuse();
      return;
    }
    keys.keep(this.data.code, this.key);
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
    } catch {
      say(this.#parts.told, tr("The server does not answer. Try again."));
    }
  }

  /** @param {Standing} state */
  async #askCard({ card, revealed, counts, subject }) {
    const of = subject === this.data.choice && revealed ? JSON.stringify(counts) : "";
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
    this.#drawActions(state, answers);
    const choice = state.revealed ? this.#card?.choice : undefined;
    parts.kinds.replaceChildren(...(choice?.kinds ?? []).map(kind));
    parts.measured.hidden = !choice?.measured.length;
    parts.measured.replaceChildren(
      node("h2", "", tr("Measured")),
      node("p", "", (choice?.measured ?? []).join(" ")),
    );
    if (!this.#card) return;
    if (choice) this.#picture.show(parts.stage, choice, this.data);
    else {
      this.#picture.close();
      const asked =
        state.subject === this.data.choice ? hidden() : bars(this.#card, state, answers);
      parts.stage.replaceChildren(...asked);
    }
  }

  /** @param {Standing} state @param {number} answers */
  #drawActions(state, answers) {
    const { card, cards, open, revealed } = state;
    const made = [];
    if (cards > 1) {
      const before = button(tr("Previous"), () => this.#order({ card: card - 1 }));
      before.disabled = card === 1;
      const after = button(tr("Next"), () => this.#order({ card: card + 1 }));
      after.disabled = card === cards;
      const place = filled(tr("Card {place} of {count}"), { place: card, count: cards });
      made.push(before, node("span", "", place), after);
    }
    made.push(
      open
        ? button(tr("Close answers"), () => this.#order({ open: false }))
        : button(tr("Reopen answers"), () => this.#order({ open: true })),
    );
    const choice = revealed ? this.#card?.choice : undefined;
    if (!revealed)
      made.push(button(tr("Reveal"), () => this.#order({ revealed: true }), "zz-primary"));
    else if (choice && answers) {
      const label = filled(tr("Play all {count}"), { count: answers });
      made.push(button(`▶ ${label}`, () => this.#picture.play(), "zz-primary"));
    }
    made.push(button(tr("Save CSV"), () => this.#save()));
    const { presenting } = this.data;
    made.push(
      button(presenting ? tr("Leave presentation") : tr("Present"), () =>
        this.ways.tell("present", !presenting),
      ),
    );
    made.push(
      this.#ending
        ? button(tr("Delete all answers now"), () => this.#end(), "zz-danger")
        : button(tr("End the class"), () => {
            this.#ending = true;
            this.#draw();
          }),
    );
    // What has the focus keeps it: a button is put in the place of its like.
    const at = [...this.#parts.actions.children].indexOf(
      /** @type {Element} */ (document.activeElement),
    );
    this.#parts.actions.replaceChildren(...made);
    if (at >= 0) made[Math.min(at, made.length - 1)].focus();
  }

  async #end() {
    await this.#order({ end: true });
    this.#look();
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
    const link = `${this.data.link}#${this.key}`;
    try {
      await navigator.clipboard.writeText(link);
      say(at, tr("Copied. Whoever has it leads the class."));
    } catch {
      prompt(tr("The teacher's link"), link);
    }
  }
}

/** What stands in place of a picture that is not revealed. */
const hidden = () => [
  node("p", "zz-class-hidden", tr("The answers are hidden until you reveal them.")),
];

/**
 * A card's question and answers, each with its bar as soon as these are revealed.
 * @param {Card} card
 * @param {Standing} state
 * @param {number} answers
 */
function bars(card, { counts = {}, revealed }, answers) {
  const list = node(
    "ul",
    "zz-class-bars",
    card.answers.map(([letter, text]) => {
      const count = counts[letter] ?? 0;
      const bar = node("i");
      bar.style.width = revealed && answers ? `${(100 * count) / answers}%` : "0";
      const line = node("li", "", [
        node("b", "", letter.toUpperCase()),
        node("span", "", text),
        node("em", "", revealed ? String(count) : ""),
        bar,
      ]);
      return line;
    }),
  );
  const link = node("a", "", tr("Show this card"));
  link.setAttribute("href", card.link);
  link.setAttribute("target", "_blank");
  const shown = revealed ? [] : hidden();
  return [node("p", "zz-class-ask", card.question), list, ...shown, node("p", "", [link])];
}

/** @param {[string, string]} kind */
function kind([colour, text]) {
  const [, before, number, after] = /^(\D*)(\d+(?:,\d{3})*)(.*)$/.exec(text) ?? ["", "", "", text];
  const mark = node("i");
  mark.style.background = colour;
  return node("li", "", [mark, node("span", "", [before, node("b", "", number), after])]);
}

/** @type {WeakMap<HTMLElement, Page>} */
const pages = new WeakMap();

/** @param {HTMLElement} root @param {ClassPage} data @param {ClassTell} tell */
export function show(root, data, tell) {
  const page = pages.get(root) ?? new Page(root);
  pages.set(root, page);
  speak(data.texts);
  const colour = getComputedStyle(root).getPropertyValue("--st-background-color").trim();
  if (colour && colour.toLowerCase() !== data.page) tell("theme", colour);
  return page.show(data, tell);
}

/** @param {HTMLElement} root */
export function close(root) {
  if (root.isConnected) return;
  pages.get(root)?.close();
  pages.delete(root);
}
