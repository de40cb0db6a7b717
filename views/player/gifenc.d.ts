// What film.js uses of gifenc.js.

export type Palette = number[][];

interface Frame {
  palette?: Palette;
  delay?: number; // ms
  transparent?: boolean;
  transparentIndex?: number;
  dispose?: number;
}

export function quantize(rgba: Uint8ClampedArray, most: number): Palette;
export function nearestColorIndex(palette: Palette, colour: number[]): number;
export function GIFEncoder(): {
  writeFrame(index: Uint8Array, width: number, height: number, frame: Frame): void;
  finish(): void;
  bytes(): Uint8Array<ArrayBuffer>;
};
