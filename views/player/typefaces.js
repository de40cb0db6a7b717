// The typefaces that the page came with, for pictures of it that need nothing else.

/** @type {Map<string, Promise<string>>} Files as addresses that hold all of them, by their own. */
const known = new Map();

/**
 * Return rules of style for the typefaces that these families name, as far as the page has files of
 * them; nothing in them is slanted.
 * @param {Set<string>} families As the browser computes them: several in the order of preference.
 * @returns {Promise<string>}
 */
export async function typefaces(families) {
  const first = new Set([...families].map((family) => bare(family.split(",")[0])));
  const rules = [...document.styleSheets].flatMap(facesOf).filter(({ style }) => {
    const { fontFamily, fontStyle } = style;
    return first.has(bare(fontFamily)) && fontStyle !== "italic";
  });
  return (await Promise.all(rules.map(whole))).join("\n");
}

/** A family's name without quotes. @param {string} family */
const bare = (family) => family.trim().replace(/^(["'])(.*)\1$/, "$2");

/** @param {CSSStyleSheet} sheet */
function facesOf(sheet) {
  try {
    return [...sheet.cssRules].filter((rule) => rule instanceof CSSFontFaceRule);
  } catch {
    return []; // it came from another host, which keeps its rules to itself
  }
}

/**
 * A rule with its file in it, or none if that does not come.
 * @param {CSSFontFaceRule} rule
 */
async function whole({ style, parentStyleSheet }) {
  const address = /url\("?([^")]+)"?\)/.exec(style.getPropertyValue("src"))?.[1];
  if (!address) return "";
  const url = new URL(address, parentStyleSheet?.href ?? document.baseURI).href;
  const held = known.get(url) ?? hold(url);
  known.set(url, held);
  try {
    const { fontFamily, fontWeight } = style;
    return `@font-face{font-family:${fontFamily};font-weight:${fontWeight || "normal"};src:url(${await held})}`;
  } catch {
    known.delete(url);
    return "";
  }
}

/**
 * @param {string} url
 * @returns {Promise<string>}
 */
async function hold(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(answer.statusText);
  const file = await answer.blob();
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(String(reader.result)));
    reader.addEventListener("error", () => failed(reader.error));
    reader.readAsDataURL(file);
  });
}
