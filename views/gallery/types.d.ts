// What Python tells the gallery: views/gallery/gallery.py makes it.

export interface GalleryCard {
  slug: string;
  link: string;
  title: string;
  caption: string;
  axes: [across: string, up: string]; // what grows along them, empty where nothing is to be said
}

export interface Gallery {
  title: string;
  promise: string;
  label: string; // of the filters
  all: string; // the filter that shows every group
  here: string; // the slug that the lab shows
  groups: { name: string; filter: string; cards: GalleryCard[] }[];
}
