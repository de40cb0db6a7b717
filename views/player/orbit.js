// The camera's way around what it looks at.

/** @import { Camera } from "./types.js" */
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
