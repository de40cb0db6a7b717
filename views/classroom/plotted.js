// Plotly, fetched once a page needs it.

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
