// Written anew, node by node: wherever a node comes or goes, the browser asks again of everything
// around it what `:has()` says in the styles of Streamlit and of the page, and that takes longer than
// all the drawing.

const TEXT = 3; // a node's type; an empty one stays for the next text

/**
 * Make what stands in a place like new nodes, keeping the elements that are there already, and so
 * their focus. New nodes may have no listeners: those that are kept would not get them.
 * @param {Node} place
 * @param {Iterable<Node>} nodes Some of which are taken into the page.
 */
export function renew(place, nodes) {
  let old = place.firstChild;
  for (const node of [...nodes]) {
    const next = old?.nextSibling ?? null;
    if (!old) place.appendChild(node);
    else if (old.nodeName !== node.nodeName) place.replaceChild(node, old);
    else if (old instanceof Element) alike(old, /** @type {Element} */ (node));
    else if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
    old = next;
  }
  while (old) {
    const next = old.nextSibling;
    if (old.nodeType === TEXT) old.nodeValue = "";
    else place.removeChild(old);
    old = next;
  }
}

/**
 * Give an element the attributes and the content of another.
 * @param {Element} old
 * @param {Element} node
 */
function alike(old, node) {
  for (const { name } of [...old.attributes]) {
    if (!node.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of node.attributes) {
    set(old, name, value);
  }
  renew(old, node.childNodes);
}

/**
 * Write what a text of SVG says into an <svg>.
 * @param {SVGSVGElement} svg
 * @param {string} text
 */
export function write(svg, text) {
  const drawn = /** @type {SVGSVGElement} */ (svg.cloneNode());
  drawn.innerHTML = text;
  renew(svg, drawn.childNodes);
}

/**
 * Give an element a text, in the node of the text before.
 * @param {Element} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) renew(node, [document.createTextNode(text)]);
}

/**
 * Set an attribute that is not so already: the browser paints again whatever is set.
 * @param {Element} node
 * @param {string} name
 * @param {string} value
 */
export function set(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
