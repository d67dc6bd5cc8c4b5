// SPDX-License-Identifier: Apache-2.0
// Texts cut to a width in pixels: letters differ too much for a count of them to do.
import { clip, isolated } from '../format';
import { font } from './palette';

const context = document.createElement('canvas').getContext('2d');

/** The longest beginning of a text that fits, isolated from its neighbours' direction. */
export function fitted(text: string, width: number, size: number): string {
  let letters = 80;
  if (context === null) return isolated(text, 30);
  context.font = `${size}px ${font}`;
  const needed = () => context.measureText(clip(text, letters)).width;
  while (letters > 4 && needed() > width)
    letters = Math.min(letters - 1, Math.floor((letters * width) / needed()));
  return isolated(text, letters);
}
