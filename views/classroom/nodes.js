// Small pieces of a class's pages.

/**
 * @param {string} tag
 * @param {string} [name] Of its class.
 * @param {string | (Node | string)[]} [inside]
 * @returns {HTMLElement}
 */
export function node(tag, name = "", inside = "") {
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
export function button(text, act, name = "") {
  const made = /** @type {HTMLButtonElement} */ (node("button", name, text));
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** @param {HTMLElement} at @param {string} text */
export function say(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

/** A place for what is told, which is read out when it changes. @param {string} name @param {string} [text] */
export function told(name, text = "") {
  const made = node("p", name, text);
  made.setAttribute("role", "status");
  return made;
}

/**
 * @param {string} text
 * @param {string} address
 * @param {{ name?: string, apart?: boolean }} [more] Its class, and whether it opens a tab of its own.
 */
export function link(text, address, { name = "", apart = false } = {}) {
  const made = node("a", name, text);
  made.setAttribute("href", address);
  made.setAttribute("target", apart ? "_blank" : "_self");
  return made;
}
