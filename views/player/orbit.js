// The camera's way around what it looks at.

/** @import { Camera, Size } from "./types.js" */
/** @typedef {[around: number, up: number, further: number]} Turn Radians, and a factor of distance. */

const STEEPEST = 1.5; // radians: from above, but never over the top
const [NEAREST, FARTHEST] = [0.7, 5];

/**
 * Where the eye is after a turn around the middle.
 * @param {Camera} camera
 * @param {Turn} turn
 */
export function orbit({ eye, center }, [around, up, further]) {
  const [x, y, z] = [eye.x - center.x, eye.y - center.y, eye.z - center.z];
  const distance = Math.min(FARTHEST, Math.max(NEAREST, Math.hypot(x, y, z) * further));
  const side = Math.atan2(y, x) + around;
  const steep = Math.atan2(z, Math.hypot(x, y)) + up;
  const height = Math.min(STEEPEST, Math.max(-STEEPEST, steep));
  return {
    x: center.x + distance * Math.cos(height) * Math.cos(side),
    y: center.y + distance * Math.cos(height) * Math.sin(side),
    z: center.z + distance * Math.sin(height),
  };
}

const FOCUS = 1 / Math.tan(Math.PI / 8); // Plotly's camera sees 45 degrees from the top to the bottom
const ROOM = [0.88, 0.9]; // of half the picture's width and height: ticks stand around the box

/**
 * Where the eye is, in its own direction, when the whole box fills a picture.
 * @param {Camera} camera Whose `up` is that of the box.
 * @param {{ x: number, y: number, z: number }} sides Of the box.
 * @param {Size} size Of the picture.
 */
export function fitted({ eye, center }, sides, { width, height }) {
  const [dx, dy, dz] = [eye.x - center.x, eye.y - center.y, eye.z - center.z];
  const length = Math.hypot(dx, dy, dz);
  const flat = Math.hypot(dx, dy);
  let distance = 0;
  for (let corner = 0; corner < 8; corner++) {
    const x = (corner & 1 ? 0.5 : -0.5) * sides.x - center.x;
    const y = (corner & 2 ? 0.5 : -0.5) * sides.y - center.y;
    const z = (corner & 4 ? 0.5 : -0.5) * sides.z - center.z;
    const towards = (x * dx + y * dy + z * dz) / length;
    const right = (y * dx - x * dy) / flat;
    const up = (z * flat * flat - dz * (x * dx + y * dy)) / (flat * length);
    // At a distance d from the middle a corner is seen at FOCUS * up / (d - towards).
    const across = (FOCUS * Math.abs(right) * height) / width / ROOM[0];
    distance = Math.max(distance, towards + across, towards + (FOCUS * Math.abs(up)) / ROOM[1]);
  }
  const scale = distance / length;
  return { x: center.x + dx * scale, y: center.y + dy * scale, z: center.z + dz * scale };
}
