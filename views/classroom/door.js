// The door of a class: a code to type, or a class to open.

import { ask } from "./keeping.js";
import { node, say, told } from "./nodes.js";
import { tr } from "./texts.js";

/** @import { ClassPage, ClassTell } from "./class.js" */
/** @import { Keys } from "./held.js" */

export class Door {
  #why = told("zz-class-told");

  /**
   * @param {ClassPage} data
   * @param {{ tell: ClassTell, keys: Keys }} ways
   * @param {string} [why] Why no class is shown.
   */
  constructor(data, ways, why = "") {
    this.say(why);
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
      ways.tell("code", code.value.trim().toUpperCase());
    });
    const subject = /** @type {HTMLSelectElement} */ (node("select"));
    for (const [name, title] of data.subjects) subject.append(new Option(title, name));
    subject.value = data.subject;
    const refused = told("zz-class-told");
    const open = /** @type {HTMLButtonElement} */ (
      node("button", "zz-primary", tr("Open the class"))
    );
    const teach = node("form", "zz-class-card", [
      node("h2", "", tr("Open a class")),
      node("p", "", tr("Students answer on their own devices, and you reveal what they answered.")),
      node("label", "", [node("span", "", tr("What the class is asked")), subject]),
      open,
      refused,
    ]);
    teach.addEventListener("submit", async (event) => {
      event.preventDefault();
      open.disabled = true;
      say(refused, await openClass(subject.value, ways));
      open.disabled = false;
    });
    this.body = node("div", "zz-class zz-class-door", [
      node("h1", "", tr("Ask the class")),
      this.#why,
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

  /** Say why no class is shown. @param {string} why */
  say(why) {
    say(this.#why, why);
  }

  close() {}
}

/**
 * Open a class and go to it; return why that could not be.
 * @param {string} subject
 * @param {{ tell: ClassTell, keys: Keys }} ways
 * @returns {Promise<string>}
 */
async function openClass(subject, { tell, keys }) {
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
