// The player's own texts. English is the source; a scene brings the translations, none in English.

/** @type {Record<string, string>} */
let texts = {};

/**
 * Answer in the language of these translations, by their English; tell whether it is another one.
 * @param {Record<string, string>} translations
 */
export function speak(translations) {
  const changed = JSON.stringify(translations) !== JSON.stringify(texts);
  texts = translations;
  return changed;
}

/**
 * Return a text in the page's language.
 * @param {string} message In English, a constant: it is collected for the catalogs.
 */
export function tr(message) {
  return texts[message] ?? message;
}

/**
 * Return a text with values in place of its {names}.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (name, key) => String(values[key] ?? name));
}
