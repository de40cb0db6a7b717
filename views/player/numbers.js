// Numbers as people write them; the same as `number` in landscape/language.py.

import { tr } from "./texts.js";

/**
 * A number with so many significant digits and no needless zeros or exponent.
 * @param {number} value
 * @param {number} digits
 * @param {[decimal: string, group: string]} marks Of the page's language.
 */
export function number(value, digits, [decimal, group]) {
  if (Number.isNaN(value)) return tr("no value");
  const size = Math.abs(value);
  const sign = value < 0 ? "\u2212" : "";
  if (!(size < 3.4e38)) return `${sign}\u221e`;
  if (size === 0) return "0";
  const bare = (/** @type {string} */ text) =>
    text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (size < 1e-5 || size >= 1e6) {
    const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
    return `${sign}${bare(mantissa).replace(".", decimal)}e${Number(exponent)}`;
  }
  const rounded = Number(size.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(rounded)));
  const [whole, rest] = bare(rounded.toFixed(decimals)).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  return sign + (rest ? grouped + decimal + rest : grouped);
}
