// A start that is moved on a panel: which settings say so in the link.

/** @import { Start } from "./types.js" */

/**
 * The settings, by id, that start a panel's run at a point, as far as it may be.
 * @param {Start} start
 * @param {number} x
 * @param {number} y
 * @param {number} panel
 * @returns {[string, string][]}
 */
export function moved({ ids, points, digits, sides, turns }, x, y, panel) {
  const angle = (-turns[panel % turns.length] * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const point = [c * x - s * y, s * x + c * y].map((value, i) => {
    const [low, high] = sides[i];
    return Number(Math.min(Math.max(value, low), high).toFixed(digits[i]));
  });
  if (ids.length === 2) return [0, 1].map((i) => [ids[i], String(point[i])]);
  const listed = points.map((other, i) => (i === panel % points.length ? point : other));
  return [[ids[0], listed.map((each) => each.join(" ")).join("; ")]];
}
