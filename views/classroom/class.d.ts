// What Python tells the pages of a class: views/classroom/page.py and member.py make it. And what the
// server answers: views/classroom/routes.py.

import type { Layout, Trace } from "./types.js";

/** Reports to the page: a code to go to ("" for none), a card to open, colours that have changed. */
export type ClassTell = (name: "code" | "lesson" | "present" | "theme", value: unknown) => void;

export interface Member {
  code: string;
  subject: string;
  card: string; // its number
  answer: string; // empty where there is none yet
  texts: Record<string, string>;
}

export interface ClassPage {
  code: string; // empty where no class is chosen
  subjects: [name: string, title: string][];
  choice: string; // the subject for which everybody chooses a rate
  asked: [title: string, text: string]; // of that subject
  rates: { low: number; high: number; start: number };
  link: string; // for students
  qr: string; // the same, as SVG
  theme: string;
  page: string; // the colour of the page that it was made for
  presenting: boolean;
  plotly: string; // its address
  texts: Record<string, string>;
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

/** What the class is asked, and of chosen rates what becomes of them. */
export interface Card {
  title: string;
  said: string;
  question: string;
  answers: [letter: string, text: string][];
  link: string; // of the card, for whoever shows it
  choice?: Choice;
}

export interface Choice {
  kinds: [colour: string, text: string][];
  measured: string[];
  label: string; // of the picture, for who cannot see it
  updates: number;
  runs: Drawing;
  histogram: Drawing;
}

export interface Drawing {
  data: Trace[];
  layout: Layout;
}
