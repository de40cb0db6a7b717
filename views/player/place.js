// A place on the page for a part of the player, as a component of its own.

import { give, takeBack } from "./meeting.js";

/**
 * @param {HTMLElement} root
 * @param {{ place: string }} data
 */
export async function show(root, { place }) {
  give(place, root);
}

/** @param {HTMLElement} root */
export function close(root) {
  if (!root.isConnected) takeBack(root);
}
