// Draws a panel: the picture, the heat map over what the model sees, the contour.

import { colorMaps, channels } from "./colors.js";
import { contour, level, winner } from "./maps.js";

/** A panel's heat map in colours, with the size of what the model sees; for the winner, lower values are fainter. */
function heat(panel, colors) {
  const { height, width } = panel.rasters[0];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d"), image = context.createImageData(width, height), pixels = image.data;
  const table = colorMaps[colors], marks = panel.colors.map(channels), { range } = panel;
  const own = panel.rasters[panel.prompt]?.values;
  for (let index = 0, to = 0; index < height * width; index++, to += 4) {
    const best = own ? 0 : winner(panel.rasters, index);
    const value = level(own ? own[index] : panel.rasters[best].values[index], range);
    const from = own ? 3 * Math.trunc(255 * value) : 0, entries = own ? table : marks[best];
    pixels[to] = entries[from];
    pixels[to + 1] = entries[from + 1];
    pixels[to + 2] = entries[from + 2];
    pixels[to + 3] = own ? 255 : Math.round(255 * value);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The colours of a map from low to high, one pixel each. */
export function paintLegend(canvas, colors) {
  const context = canvas.getContext("2d"), image = context.createImageData(256, 1), table = colorMaps[colors];
  for (let at = 0; at < 256; at++) image.data.set([...table.subarray(3 * at, 3 * at + 3), 255], 4 * at);
  context.putImageData(image, 0, 0);
}

/** The position of a panel's map in a drawing of `width` pixels. */
export function mapArea({ answer }, width) {
  const { crop, width: own } = answer.source, scale = width / own;
  return {
    left: crop.left * scale, top: crop.top * scale,
    width: (crop.right - crop.left) * scale, height: (crop.bottom - crop.top) * scale,
  };
}

/** The lines of a panel's contours in a drawing of `width` pixels, each as [x1, y1, x2, y2]. */
export function contourLines(panel, threshold, width) {
  const area = mapArea(panel, width);
  const shown = panel.prompt >= 0 ? [panel.rasters[panel.prompt]] : panel.rasters;
  return shown.flatMap((raster) => {
    const { low, high } = panel.range;
    if (!(high > low)) return [];
    const across = area.width / raster.width, down = area.height / raster.height;
    return contour(raster, low + threshold * (high - low)).map(([x1, y1, x2, y2]) => [
      area.left + x1 * across, area.top + y1 * down, area.left + x2 * across, area.top + y2 * down,
    ]);
  });
}

const scaled = new WeakMap(); // bitmap → its drawing in the last requested size

/** Draws the picture alone; grey if the browser cannot show it. */
export function paintPicture(context, width, height, bitmap) {
  context.fillStyle = "#808080";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  if (!bitmap) return;
  let kept = scaled.get(bitmap);
  if (kept?.width !== width || kept.height !== height) {
    kept = Object.assign(document.createElement("canvas"), { width, height });
    const own = kept.getContext("2d");
    own.imageSmoothingQuality = "high";
    own.drawImage(bitmap, 0, 0, width, height);
    scaled.set(bitmap, kept);
  }
  context.drawImage(kept, 0, 0);
}

/** Draws a panel; `contour` may be left out, for figures that draw it as lines. */
export function paint(context, width, height, panel, settings, withContour = settings.contour) {
  paintPicture(context, width, height, panel.bitmap);
  const area = mapArea(panel, width);
  context.globalAlpha = settings.opacity;
  context.drawImage(heat(panel, settings.color), area.left, area.top, area.width, area.height);
  context.globalAlpha = 1;
  if (!withContour) return;
  context.beginPath();
  for (const [x1, y1, x2, y2] of contourLines(panel, settings.threshold, width)) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.lineCap = "round";
  const thick = Math.max(1.5, width / 300);
  for (const [color, wide] of [["#000", 2.2 * thick], ["#fff", thick]]) {
    [context.strokeStyle, context.lineWidth] = [color, wide];
    context.stroke();
  }
}
