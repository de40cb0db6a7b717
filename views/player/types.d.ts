// What goes between Python and the player, and between the player's modules. Nothing here is sent
// to a browser. The makers are views/scene/scene.py, figures.py, curves.py, space.py.

export type Numbers = ArrayLike<number> & Iterable<number>;
export type Range = [number, number];
export type Point = [number, number];

/** Reports to the page: a clicked start, a wish to look inside a step, the page's colour. */
export type Tell = (name: string, value: unknown) => void;

export interface Trace {
  name: string;
  type?: string;
  mode?: string;
  x: Numbers;
  y: Numbers;
  z?: Numbers[];
  customdata?: Numbers; // in space: the heights
  x0?: number;
  dx?: number;
  xaxis?: string;
  yaxis?: string;
  uid?: string;
  opacity?: number;
  line?: Line;
  [more: string]: unknown;
}

export interface Line {
  width: number;
  color: string;
  dash?: string; // of Plotly
}

export interface Annotation {
  text: string;
  visible?: boolean;
  xref: string;
  yref: string;
  bgcolor: string;
  font: { color: string };
}

export interface AxisLayout {
  range: Range;
  title: { text: string };
  tickvals: number[];
  ticktext: string[];
  tickfont?: { size: number };
  [more: string]: unknown;
}

export interface Layout {
  margin: { l: number; r: number; t: number; b: number };
  font: { size: number; color: string; family?: string };
  annotations: Annotation[];
  xaxis: AxisLayout;
  yaxis: AxisLayout;
  scene: SpaceLayout; // in space
  meta: string[]; // in space: the axes' names
  [more: string]: unknown; // the axes of further panels among them
}

export interface SpaceLayout {
  camera: Camera;
  aspectratio: { x: number; y: number; z: number };
  xaxis: AxisLayout;
  yaxis: AxisLayout;
  zaxis: AxisLayout;
}

export interface Figure {
  data: Trace[];
  layout: Layout;
}

/** How panels lie in a page narrower than `below`; `layout` holds domains by "xaxis2.domain". */
export interface Arrangement {
  below: number;
  columns: number;
  rows: number;
  layout: Record<string, Range>;
}

/** The bounds of a picture's height in pixels, its width over its height at most, their relation. */
export interface Sizes {
  aspect: number;
  tallest: number;
  lowest: number;
  widest: number;
  highest?: number; // its height over that at equal scales, at most
}

export interface Size {
  width: number;
  height: number;
}

/** How a loss is drawn as a height: asinh((loss - centre) / width), in decades. */
export interface LossScale {
  centre: number;
  width: number;
}

/** The samples of a surface made by data, and how they are drawn. */
export interface Samples {
  kind: "curve" | "classes" | "predictions";
  fit: string; // a formula, one of FITS
  classes: boolean; // whether labels are of two kinds
  features: Numbers[]; // a row for each
  labels: Numbers;
  drawn: number; // so many of them
  movable: boolean; // whether they are few enough to be dragged one by one
  sides: [Range, Range];
  ticks: [value: number, text: string][][]; // of both axes
  axes: [string, string];
  best: Point | null;
  colours: Record<"ink" | "muted" | "line" | "page" | "sample", string>;
}

/** Which samples each update takes, of an order that is shuffled or drawn anew in every epoch. */
export interface Batches {
  samples: number; // how many there are
  together: number; // epochs whose orders are asked for at once
  farthest: number; // epoch from which on they are
  arrows: boolean; // whether gradients are drawn
  ordersAt?: string; // address of the orders, below the server's own
  runs: {
    seed: number;
    size: number;
    updates: number; // of an epoch
    replacement: boolean;
    colour: string;
  }[];
}

/** What stays while only runs change. */
export interface Ground extends Sizes {
  id: string;
  surface: string;
  space: boolean;
  scales: LossScale[]; // of all panels, or of each
  samples: Samples[]; // the same, or none where none make the surface
  arrangements: Arrangement[];
  back: Figure;
}

/** What every packed picture holds. */
export interface Picture {
  id: string;
  page: string;
}

/** One run in space: where a path begins anew, and at which step each vertex is reached. */
export interface SpaceRun {
  starts: number[];
  times?: Numbers;
  last: number;
}

/** What is drawn beside the path of a run: an average of its iterates, or other points of it. */
export interface Beside {
  run: number;
  first: number; // updates, from which on it is shown
}

/** What can be read off runs: losses, or heights of the loss, and the rate of each update or all. */
export interface Readings {
  width: number | null;
  runs: (Losses & { rate: Numbers | number })[];
  beside?: Losses[]; // of what is drawn beside runs, where there is any
}

export interface Losses {
  loss?: Numbers;
  height?: Numbers;
  centre?: number;
}

/** The arrows of a run's steps: their names and, if there are two, where the first of them ends. */
export interface Steps {
  names: string[];
  x?: Numbers;
  y?: Numbers;
}

/** Where the seeds of a run are after `at` updates: x and y count by count, all seeds of each. */
export interface Moves {
  at: number[];
  x: Numbers;
  y: Numbers;
}

/** A scene together with its ground. */
export interface Scene extends Ground, Picture {
  ground: string;
  story: string;
  opens?: Opening;
  held?: boolean; // at the start, and cannot be played
  fixed?: boolean; // whether the start cannot be moved
  steps: number;
  pace: number[];
  tick: number;
  count: string; // the clock as a text, with {here} and {end}
  texts: Record<string, string>; // the player's own, by their English
  look: { id: [number, number]; tick: number; near: [Range, Range] | null } | null;
  lossHeight: number;
  labels: string[]; // of the runs
  keys: [sign: string, colour: string][]; // their marks as text
  marks: [decimal: string, group: string]; // of numbers
  readings: Readings;
  arrows: Steps[]; // of every run, or of none
  clouds: Moves[]; // of every run, where ends of many seeds are shown
  front: Figure;
  beside: Beside[];
  runs: SpaceRun[]; // and then those of what is drawn beside them
  label: string;
  loss: Figure;
  ends: string[]; // what each run's curve comes to
  batches: Batches | null;
}

/** What the server answers to a link; a picture in motion comes without words. */
export interface Answer extends Omit<Scene, keyof Ground> {
  id: string;
  groundAt: string; // address of its ground, below the server's own
  frame: string; // in which it is drawn
  start: Start;
  told?: Told;
}

/** Where runs start, and the settings that say so: two, or one that lists all. */
export interface Start {
  ids: string[];
  points: number[][];
  digits: number[]; // decimals of x and y
  sides: Range[]; // what x and y may be
  turns: number[]; // degrees by which each panel's start is turned from the one that is set
}

/** What is said of an experiment. */
export interface Told {
  link: string;
  complaints: string[];
  title: string;
  claim: string;
  changed: string;
  notes: string[];
  sentence: string;
  more: string;
  head: string[];
  rows: string[][];
  lowest: string;
}

/** A field's bounds, or what a slider's positions mean: texts, or powers of ten, some to a decade. */
export type Scale = Bounds | string[] | { from: number; each: number } | InList;

/** Of one of the numbers in a list: all of them, its place there, and what its own control means. */
export interface InList {
  list: string[];
  place: number;
  scale: Scale;
}

export interface Bounds {
  low: number;
  high: number;
  whole: boolean;
}

/** The settings of controls, by the name in their elements' class. */
export type Controls = Record<string, [id: string, scale?: Scale]>;

/** Where the clock stands when a page opens, and whether it plays from the start by itself. */
export interface Opening {
  step: number;
  speed: string;
  play: boolean;
}

/** What the script tells the player of the page. */
export interface Page {
  link: string;
  fit: boolean; // whether a phone may show the runs in its own way
  opening: string; // the link of a page whose address says nothing
  theme: string;
  clock: [step: string, speed: string]; // as the link has them, empty at their defaults
  act: "" | "ask" | "run" | "done"; // the phase of a lesson's card, empty outside of lessons
  fixed: boolean; // whether the start cannot be moved
  plays: boolean; // whether the runs play where the clock is put
  controls: Controls;
  /** Ground and scene in Base64, for a browser that cannot ask for them. */
  answer: { ground: string; scene: string } | null;
}

/** A chart that stands by itself. */
export interface ChartFigure extends Figure, Picture {
  label: string;
  words: string; // what is to be seen
  aspect: number;
  tallest: number;
  legend: [string, string, string, string][]; // text, colour, sign and darkest shade
  arrangements: (Arrangement & { aspect: number; tallest: number })[]; // of several pictures
}

/** One of the ways to show the runs: panels in the plane, or one picture in space. */
export interface View {
  draw(scene: Scene, width: number, room: number, family: string, page?: number): Promise<void>;
  reveal(clock: number, unhurried: boolean): void;
  mute(muted: ReadonlySet<number>): void;
  reset(): void;
  close(): void;
}

/** An axis that Plotly has drawn, in pixels of its plot. */
export interface Axis {
  offset: number;
  length: number;
  range: Range;
  /** From the axis' own coordinate, of a logarithmic axis the exponent, to pixels from its start. */
  toPixel(value: number): number;
  toValue(pixel: number): number;
}

export interface Camera {
  eye: Spot;
  center: Spot;
  [more: string]: unknown;
}

export interface Spot {
  x: number;
  y: number;
  z: number;
}

declare global {
  /** Plotly's own script leaves it; only plot.js uses it. */
  const Plotly: {
    react(plot: HTMLElement, data: Trace[], layout: object, config: object): Promise<void>;
    relayout(plot: HTMLElement, changes: object): Promise<void>;
    purge(plot: HTMLElement): void;
  };
}
