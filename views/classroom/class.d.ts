// What Python tells the pages of a class: views/classroom/page.py and member.py make it. And what the
// server answers: views/classroom/routes.py.

import type { Layout, Trace } from "./types.js";

/**
 * Reports to the page: a code to go to ("" for none), a card to open, colours that have changed, how
 * the class stands, that the card is to be shown that it is at, an answer given before.
 */
export type ClassTell = (
  name: "code" | "lesson" | "present" | "theme" | "standing" | "go" | "answer",
  value: unknown,
) => void;

export interface Member {
  code: string;
  subject: string;
  card: string; // its number
  answer: string; // empty where there is none yet
  stage: string; // how the class stands to the card
  standing: { subject: string; card: number; open: boolean; revealed: boolean } | null; // as Python knows it
  texts: Record<string, string>;
}

export interface ClassPage {
  code: string; // empty where no class is chosen
  subjects: [name: string, title: string][];
  subject: string; // the one to begin with
  choices: Record<string, Choice>; // of the subjects that are no lessons
  link: string; // for students
  qr: string; // the same, as SVG
  theme: string;
  page: string; // the colour of the page that it was made for
  presenting: boolean;
  plotly: string; // its address
  texts: Record<string, string>;
}

/** What everybody chooses. */
export interface Choice {
  title: string;
  question: string;
  form: RateForm | StartForm;
}

export interface RateForm {
  kind: "rate";
  low: number;
  high: number;
  start: number;
}

export interface StartForm {
  kind: "start";
  box: [x: [low: number, high: number], y: [low: number, high: number]];
  ratio: number; // of its width to its height
  ground: string; // the address of its picture, as grounds are served
  layout: Layout;
}

export interface Standing {
  code: string;
  subject: string;
  card: number;
  cards: number;
  open: boolean;
  revealed: boolean;
  ends: number; // in seconds since 1970
  joined?: number; // to the teacher only, as the counts are until revealed
  counts?: Record<string, number>;
}

/** What the class is asked, and what was found once it is revealed. */
export interface Card {
  card: number;
  title: string;
  said: string;
  question: string;
  answers: [letter: string, text: string][];
  link: string; // of the card, for whoever shows it
  found?: Found;
}

export interface Found {
  measured: string[];
  why: string; // empty where no reason is told
  kinds: [colour: string, text: string][]; // of what was chosen
  right: string[]; // the letters of the answers that hold
  played: string; // the link of the card with its runs at their ends; empty where there is none
  label: string; // of the picture, for who cannot see it
  updates: number; // that can be played; 0 for a picture that stands still
  ratio: number; // of the picture's width to its height
  beside: boolean; // whether there is room beside it
  runs: Drawing;
  histogram: (Drawing & { head: [title: string, what: string] }) | null;
}

export interface Drawing {
  data: Trace[];
  layout: Layout;
}
