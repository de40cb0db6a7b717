// Paths of a class as far as they have come after so many updates.

/**
 * What cuts traces after so many updates: paths, which a gap ends, and the heads of the paths before.
 * @param {number} step
 * @param {any[]} data
 * @returns {(trace: any, place: number) => any}
 */
export function until(step, data) {
  return (trace, place) => {
    if (trace.meta === "path") return { ...trace, ...cut(trace, step).path };
    if (trace.meta === "head") return { ...trace, ...cut(data[place - 1], step).head };
    return trace;
  };
}

/**
 * @param {{ x: (number | null)[], y: (number | null)[] }} trace
 * @param {number} step
 */
function cut({ x, y }, step) {
  /** @type {{ x: (number | null)[], y: (number | null)[] }} */
  const path = { x: [], y: [] };
  /** @type {{ x: (number | null)[], y: (number | null)[] }} */
  const head = { x: [], y: [] };
  let at = 0; // in the path
  for (let i = 0; i < x.length; i++) {
    if (x[i] === null) {
      path.x.push(null);
      path.y.push(null);
      at = 0;
      continue;
    }
    if (at <= step) {
      path.x.push(x[i]);
      path.y.push(y[i]);
    }
    if (at === step || (at < step && x[i + 1] === null)) {
      head.x.push(x[i]);
      head.y.push(y[i]);
    }
    at += 1;
  }
  return { path, head };
}
