// What each panel shows.

import { colorOf } from "./chips.js";
import { isCorrected, raster, sharedRange, summedLayers } from "./maps.js";
import { answerKey, chosenModels, layersText, methodsFor, shownPrompt, state } from "./state.js";

let lastShown = "";

/** The index of the shown prompt in an answer; of the previous one while the prompt being typed has no answer yet. */
function shownIn({ prompts }) {
  const place = (text) => prompts.findIndex(({ prompt }) => prompt === text);
  if (place(shownPrompt()) >= 0) lastShown = shownPrompt();
  return Math.max(place(lastShown), 0);
}

/** All maps to show, from the available answers. */
export function makePanels() {
  const panels = [];
  state.pictures.forEach((picture, slot) => {
    if (!picture) return;
    for (const model of chosenModels()) {
      const answer = state.answers.get(answerKey(slot, model))?.answer;
      if (!answer?.maps.length) continue;
      for (const method of methodsFor(model)) {
        const maps = answer.maps.filter((map) => map.method === method).sort((a, b) => a.prompt - b.prompt);
        if (!maps.length) continue;
        const rasters = maps.map((map) => raster(map, answer, state.layers));
        const all = sharedRange(rasters);
        const wanted = shownIn(answer);
        const prompts = { selected: [wanted], each: answer.prompts.map((_, at) => at), winner: [-1] }[state.view];
        for (const prompt of prompts) {
          const own = prompt < 0 || state.scale === "shared" ? all : rasters[prompt];
          panels.push({
            key: JSON.stringify([slot, model, method, state.view === "each" ? prompt : state.view]),
            slot, model, method, prompt, answer, maps, rasters, range: { low: own.low, high: own.high },
            name: maps[0].name, picture: picture.name, bitmap: picture.bitmap,
            colors: answer.prompts.map((one) => colorOf(one.prompt)),
          });
        }
      }
    }
  });
  return panels;
}

export const panelTitle = ({ prompt, answer }) => (prompt < 0 ? "Which prompt wins" : answer.prompts[prompt].prompt);

/** What distinguishes a panel from the others: method, model, picture, if there are several. */
export function panelDetails(panel, panels) {
  const several = (name) => new Set(panels.map((one) => one[name])).size > 1;
  const own = !state.layers || !summedLayers(panel.maps[0]) ? ""
    : ` · layers ${layersText()}${panel.maps.some(isCorrected) ? ", not corrected" : ""}`;
  const name = panel.name.replace(/, layers all$/, "") + own;
  return [name, several("model") && panel.model, several("slot") && panel.picture].filter(Boolean).join(" · ");
}

/** The size of a drawing in pixels: the picture's, limited to `least` to `most` on its longer side. */
export function drawingSize({ source }, most, least = 1) {
  const longer = Math.max(source.width, source.height), scale = Math.min(Math.max(longer, least), most) / longer;
  return [Math.max(1, Math.round(source.width * scale)), Math.max(1, Math.round(source.height * scale))];
}

/** A position in the picture (0...1) → the patch there, and the pixel of the map; null outside what the model sees. */
export function placeIn({ answer, rasters }, { x, y }) {
  const { source, grid: [rows, columns] } = answer, { crop } = source, { width, height } = rasters[0];
  const across = (x * source.width - crop.left) / (crop.right - crop.left);
  const down = (y * source.height - crop.top) / (crop.bottom - crop.top);
  if (!(across >= 0 && across < 1 && down >= 0 && down < 1)) return null;
  return {
    row: Math.floor(down * rows), column: Math.floor(across * columns),
    index: Math.floor(down * height) * width + Math.floor(across * width),
  };
}

/** The centre of a patch, in 0...1 of the picture. */
export function middle({ answer }, row, column) {
  const { source, grid: [rows, columns] } = answer, { crop } = source;
  return {
    x: (crop.left + ((column + 0.5) / columns) * (crop.right - crop.left)) / source.width,
    y: (crop.top + ((row + 0.5) / rows) * (crop.bottom - crop.top)) / source.height,
  };
}
