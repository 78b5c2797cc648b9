// Computations on maps, without drawing.

/** For each of `length` pixels the two of `size` values that it is between, as in torch with align_corners=False. */
function taps(size, length) {
  const scale = size / length;
  return Array.from({ length }, (_, index) => {
    const place = Math.max((index + 0.5) * scale - 0.5, 0);
    const low = Math.min(Math.floor(place), size - 1);
    return { low, high: Math.min(low + 1, size - 1), share: place - low };
  });
}

/** Bilinear upsampling of [rows * columns] values to [height * width]. */
export function upsample(values, [rows, columns], height, width) {
  const down = taps(rows, height), across = taps(columns, width);
  const result = new Float32Array(height * width);
  let index = 0;
  for (const y of down) {
    const upper = y.low * columns, lower = y.high * columns;
    for (const x of across) {
      const above = (1 - x.share) * values[upper + x.low] + x.share * values[upper + x.high];
      const below = (1 - x.share) * values[lower + x.low] + x.share * values[lower + x.high];
      result[index++] = (1 - y.share) * above + y.share * below;
    }
  }
  return result;
}

export function rangeOf(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

function sumOf(layers, count) {
  const sum = new Float32Array(count);
  for (const { values } of layers) for (let index = 0; index < count; index++) sum[index] += values[index];
  return sum;
}

/** The layers that a map sums; null for a map that is not a sum, or uses a single layer, and so does not depend on the chosen layers. */
export const summedLayers = ({ layers }) => (layers?.length > 1 ? layers : null);

/** The values of a map on its grid: the sum of the chosen layers, or the received map. */
export function gridValues(map, layers) {
  const all = summedLayers(map);
  if (!layers || !all) return Float32Array.from(map.values);
  const chosen = all.filter(({ layer }) => layer >= layers.first && layer <= layers.last);
  return chosen.length === all.length ? Float32Array.from(map.values) : sumOf(chosen, map.values.length);
}

/** Whether the server has blanked places of a map, which sums of its layers do not reflect. */
export function isCorrected(map) {
  const { values } = map, layers = summedLayers(map);
  if (!layers) return false;
  const sum = sumOf(layers, values.length), { low, high } = rangeOf(sum);
  return values.some((value, index) => Math.abs(value - sum[index]) > 1e-3 * (high - low));
}

const rasters = new WeakMap();

/** An unscaled map in the pixels that the model sees, with the values that become 0 and 1. Cached until the layers change. */
export function raster(map, answer, layers) {
  const key = layers ? `${layers.first}-${layers.last}` : "all";
  const kept = rasters.get(map);
  if (kept?.key === key) return kept;
  const grid = gridValues(map, layers), { height, width } = answer.seen;
  const values = upsample(grid, answer.grid, height, width);
  if (map.finish === "upsampleClipNormalise") values.forEach((value, index) => { if (value < 0) values[index] = 0; });
  const made = { key, height, width, values, ...rangeOf(map.finish === "normaliseThenUpsample" ? grid : values) };
  rasters.set(map, made);
  return made;
}

/** One range for several maps. */
export const sharedRange = (maps) => ({
  low: Math.min(...maps.map((map) => map.low)), high: Math.max(...maps.map((map) => map.high)),
});

/** A value scaled to 0...1; 0 if all values are equal. */
export function level(value, { low, high }) {
  return high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
}

/** The index of the largest of several maps' values at a pixel. */
export function winner(maps, index) {
  let best = 0;
  for (let at = 1; at < maps.length; at++) if (maps[at].values[index] > maps[best].values[index]) best = at;
  return best;
}

/** The contour line of a map at a level, as [x1, y1, x2, y2] in its pixels: marching squares. */
export function contour({ values, height, width }, at) {
  const lines = [];
  const between = (a, b) => (at - a) / (b - a);
  for (let y = 0; y + 1 < height; y++) {
    for (let x = 0; x + 1 < width; x++) {
      const index = y * width + x;
      const a = values[index], b = values[index + 1], c = values[index + width + 1], d = values[index + width];
      const kind = (a > at) | ((b > at) << 1) | ((c > at) << 2) | ((d > at) << 3);
      if (kind === 0 || kind === 15) continue;
      const left = x + 0.5, top = y + 0.5;
      const edges = [ // above, right, below, left
        () => [left + between(a, b), top], () => [left + 1, top + between(b, c)],
        () => [left + between(d, c), top + 1], () => [left, top + between(a, d)],
      ];
      const line = (from, to) => lines.push([...edges[from](), ...edges[to]()]);
      const middle = (a + b + c + d) / 4 > at;
      switch (kind) {
        case 1: case 14: line(3, 0); break;
        case 2: case 13: line(0, 1); break;
        case 4: case 11: line(1, 2); break;
        case 8: case 7: line(2, 3); break;
        case 3: case 12: line(3, 1); break;
        case 6: case 9: line(0, 2); break;
        case 5: if (middle) { line(0, 1); line(2, 3); } else { line(3, 0); line(1, 2); } break;
        case 10: if (middle) { line(3, 0); line(1, 2); } else { line(0, 1); line(2, 3); } break;
      }
    }
  }
  return lines;
}
