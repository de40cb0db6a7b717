// A chart that stands by itself: Plotly draws the figure that Python made, a click tells where.

const charts = new WeakMap();
const KEEP = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };

/**
 * Show a chart under `root`, packed so that `unpack` reads it; `tell(name, value)` reports a click,
 * or a page colour that the chart was not made for.
 */
export async function show(root, bytes, tell, unpack) {
  let chart = charts.get(root);
  if (!chart) charts.set(root, (chart = new Chart(root)));
  chart.tell = tell;
  await chart.show(unpack(bytes));
}

/**
 * Give back everything that `show` made under `root`, once that has left the page: Streamlit also
 * cleans up after data that newer data overtook.
 */
export function close(root) {
  if (root.isConnected) return;
  charts.get(root)?.close();
  charts.delete(root);
}

class Chart {
  constructor(root) {
    this.root = root;
    this.plot = document.createElement("div");
    this.plot.className = "zz-chart";
    root.querySelector(".zz-wait")?.remove();
    this.legend = document.createElement("div");
    this.legend.className = "zz-legend";
    root.append(this.legend, this.plot);
    this.stopped = new AbortController();
    const on = (target, name, act) =>
      target.addEventListener(name, act, { signal: this.stopped.signal, capture: true });
    on(this.plot, "pointerdown", (event) => (this.press = event));
    on(window, "pointerup", (event) => this.click(event));
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(root);
  }

  close() {
    this.stopped.abort();
    this.watcher.disconnect();
    if (this.drawn) Plotly.purge(this.plot);
    this.plot.remove();
    this.legend.remove();
  }

  async show(promise) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const figure = await promise;
    if (turn !== this.turn) return; // a newer one came while this one was unpacked
    this.figure = figure;
    this.width = 0;
    await this.draw();
    const page = getComputedStyle(this.plot).getPropertyValue("--st-background-color").trim();
    if (page && page.toLowerCase() !== figure.page && page !== this.page) this.tell("theme", (this.page = page));
    this.root.dataset.scene = figure.id;
    this.root.dataset.shown = (+this.root.dataset.shown || 0) + 1;
  }

  async draw() {
    const width = this.root.clientWidth;
    if (!this.figure || !width || width === this.width) return;
    this.width = width;
    const { data, layout, aspect, tallest } = this.figure;
    const { l, r, t, b } = layout.margin;
    const height = Math.round((aspect ? Math.min(tallest, (width - l - r) * aspect) : tallest) + t + b);
    const wide = aspect ? Math.min(width, Math.round((height - t - b) / aspect) + l + r) : width;
    const font = { ...layout.font, family: getComputedStyle(this.plot).fontFamily };
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", this.figure.label);
    // Text of the page: Plotly's own legend has no room on a phone.
    this.legend.replaceChildren(...this.figure.legend.map(([text, colour]) => {
      const entry = document.createElement("span");
      const mark = document.createElement("i");
      mark.style.background = colour;
      entry.append(mark, text);
      return entry;
    }));
    // Plotly writes into what it is given, and the next size starts from the same figure.
    const [traces, rest] = [data.map((trace) => ({ ...trace })), structuredClone(layout)];
    await Plotly.react(this.plot, traces, { ...rest, font, width: wide, height }, KEEP);
    this.drawn = true;
  }

  click(event) {
    const { press, plot } = this;
    this.press = null;
    if (!press || press.button || !this.drawn) return;
    if (Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) >= 4) return;
    const { xaxis, yaxis } = plot._fullLayout;
    const box = plot.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left - xaxis._offset, event.clientY - box.top - yaxis._offset];
    if (left < 0 || left > xaxis._length || top < 0 || top > yaxis._length) return;
    // The linear coordinate: of a logarithmic axis the exponent.
    this.tell("point", [xaxis.p2l(left), yaxis.p2l(top)]);
  }
}
