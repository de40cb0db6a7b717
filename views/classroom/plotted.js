// Plotly, fetched once a page needs it.

const AGAIN = 2000; // milliseconds until what did not come is asked for again

/** @type {Promise<unknown> | null} */
let loading = null;

/** Fetch Plotly, which leaves a global. @param {string} address */
export function loaded(address) {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    const src = new URL(address, document.baseURI).href;
    Object.assign(script, { src, onload: done, onerror: failed });
    document.head.append(script);
  });
  loading.catch(() => {
    loading = null; // it is fetched again when it is next needed
  });
  return loading;
}

/**
 * Draw something as soon as all that it needs has come, as long as its place is on the page.
 * @param {HTMLElement} at
 * @param {() => Promise<void>} draw
 */
export async function whileNeeded(at, draw) {
  try {
    await draw();
  } catch (problem) {
    console.error(problem);
    setTimeout(() => at.isConnected && whileNeeded(at, draw), AGAIN);
  }
}
