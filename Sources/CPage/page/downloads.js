// Saved files: PNG, SVG, NPY, JSON; and the command that reproduces them.

import { colorMaps } from "./colors.js";
import { scores } from "./chips.js";
import { drawingSize, panelDetails, panelTitle } from "./content.js";
import { contourLines, paint } from "./drawing.js";
import { gridValues, isCorrected } from "./maps.js";
import { allPrompts, chosenModels, layersText, methodsFor, modelNamed, state } from "./state.js";

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

const plain = (text) => text.replace(/[^\p{L}\p{N}_.-]+/gu, "-").replace(/^[-.]+|-+$/g, "").slice(0, 60) || "map";
const stem = (name) => plain(name.replace(/\.[a-z]{3,4}$/i, ""));
const fileName = (panel, ending) => `${stem(panel.picture)}.${plain(panelTitle(panel))}.${plain(panel.method)}.${ending}`;

function drawn(panel, most, withContour) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = drawingSize(panel.answer, most);
  paint(canvas.getContext("2d"), canvas.width, canvas.height, panel, state, withContour);
  return canvas;
}

/** The overlay at the picture's own size. */
export function savePNG(panel) {
  drawn(panel, 8192).toBlob((blob) => blob && save(blob, fileName(panel, "png")), "image/png");
}

/** Little-endian f32 in C order, version 1.0. */
export function npy(values, shape) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + 4 * values.length), view = new DataView(bytes.buffer);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  view.setUint16(8, length - 10, true);
  bytes.fill(0x20, 10, length);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[length - 1] = 0x0a;
  values.forEach((value, index) => view.setFloat32(length + 4 * index, value, true));
  return bytes;
}

/** The unscaled map on its grid, [rows, columns]; for the winner, the maps of all prompts, [prompts, rows, columns]. */
export function saveNPY(panel) {
  const maps = panel.prompt < 0 ? panel.maps : [panel.maps[panel.prompt]];
  const values = maps.flatMap((map) => [...gridValues(map, state.layers)]);
  const shape = panel.prompt < 0 ? [maps.length, ...panel.answer.grid] : panel.answer.grid;
  save(new Blob([npy(values, shape)], { type: "application/octet-stream" }), fileName(panel, "npy"));
}

/** The unmodified answers: a single one, or several as a list. */
export function saveJSON(panels) {
  const answers = [...new Set(panels.map((panel) => panel.answer))];
  const text = JSON.stringify(answers.length === 1 ? answers[0] : answers, null, 1);
  save(new Blob([text], { type: "application/json" }), `${stem(panels[0].picture)}.json`);
}

const escaped = (text) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** All panels with a legend, as one figure; contours are lines, overlays are embedded pictures. */
export function figure(panels) {
  const tile = 320, gap = 16, columns = Math.min(panels.length, panels.length === 4 ? 2 : 3);
  const sizes = panels.map(({ answer: { source } }) => Math.round((tile * source.height) / source.width));
  const parts = [];
  let top = gap;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns), tallest = Math.max(...sizes.slice(first, first + columns));
    row.forEach((panel, at) => {
      const left = gap + at * (tile + gap), height = sizes[first + at];
      const found = panel.answer.prompts[panel.prompt];
      parts.push(`<g transform="translate(${left} ${top})">`);
      parts.push(`<svg width="${tile}" height="${height}" viewBox="0 0 ${tile} ${height}">`);
      const overlay = drawn(panel, 1024, false).toDataURL();
      parts.push(`<image width="${tile}" height="${height}" preserveAspectRatio="none" href="${overlay}"/>`);
      if (state.contour) {
        const path = contourLines(panel, state.threshold, tile)
          .map((ends) => ends.map((end) => +end.toFixed(2))).map(([a, b, c, d]) => `M${a} ${b}L${c} ${d}`).join("");
        for (const [color, width] of [["#000", 3.3], ["#fff", 1.5]]) {
          parts.push(`<path d="${path}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="round"/>`);
        }
      }
      parts.push("</svg>");
      parts.push(`<text y="${height + 18}" font-weight="bold">${escaped(short(panelTitle(panel), 40))}</text>`);
      const details = [panelDetails(panel, panels), scores(found)].filter(Boolean).join(" · ");
      parts.push(`<text y="${height + 36}">${escaped(short(details, 52))}</text></g>`);
    });
    top += tallest + 36 + gap;
  }
  const legend = [];
  if (panels[0].prompt < 0) {
    panels[0].answer.prompts.forEach(({ prompt }, at) => {
      legend.push(`<rect x="${gap}" y="${top + 4}" width="12" height="12" fill="${panels[0].colors[at]}"/>`,
        `<text x="${gap + 20}" y="${top + 15}">${escaped(short(prompt, 60))}</text>`);
      top += 20;
    });
  } else {
    const table = colorMaps[state.color], stops = [];
    for (let at = 0; at <= 16; at++) {
      const entry = Math.min(at * 16, 255) * 3;
      stops.push(`<stop offset="${at / 16}" stop-color="rgb(${table.slice(entry, entry + 3).join(" ")})"/>`);
    }
    legend.push(`<defs><linearGradient id="heat">${stops.join("")}</linearGradient></defs>`,
      `<text x="${gap}" y="${top + 15}">0</text><rect x="${gap + 14}" y="${top + 4}" width="180" height="12" fill="url(#heat)"/>`,
      `<text x="${gap + 200}" y="${top + 15}">1</text>`);
    top += 20;
  }
  const facts = [
    panels.every(({ model }) => model === panels[0].model) && panels[0].model, `layers ${layersText()}`,
    state.scale === "shared" && panels[0].prompt >= 0 && "one scale for all prompts",
    state.contour && `contour at ${state.threshold}`,
  ].filter(Boolean).join(" · ");
  legend.push(`<text x="${gap}" y="${top + 18}">${escaped(facts)}</text>`);
  const width = gap + columns * (tile + gap), height = top + 18 + gap;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"
  font-family="sans-serif" font-size="13">
<title>${escaped(`Heat maps of ${panels[0].picture}`)}</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
${legend.join("\n")}
</svg>
`;
}

export function saveSVG(panels) {
  save(new Blob([figure(panels)], { type: "image/svg+xml" }), `${stem(panels[0].picture)}.svg`);
}

const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Only LeGrad has an option for layers on the command line. */
function withLayers(method, layers) {
  if (!layers || method.split(":")[0] !== "legrad") return method;
  return `${method}${method.includes(":") ? "," : ":"}layers=${layers}`;
}

const isModelCorrected = (model) =>
  [...state.answers.values()].some(({ answer }) => answer.model === model && answer.maps.some(isCorrected));

/** A `zoo explain` for each model; pictures share it. */
export function commands() {
  const files = state.pictures.filter(Boolean).map(({ name }) => (name.startsWith("-") ? `./${name}` : name));
  if (!files.length || !allPrompts().length) return "";
  const layers = state.layers && layersText("-");
  return chosenModels().map((model) => {
    const methods = methodsFor(model).map((method) => withLayers(method, layers));
    const option = modelNamed(model)?.classifier ? "--class" : "-p";
    const prompts = allPrompts().map((prompt) =>
      prompt.startsWith("-") ? quoted(`${option === "-p" ? "--prompt" : option}=${prompt}`) : `${option} ${quoted(prompt)}`);
    return [
      "zoo explain", quoted(model), ...files.map(quoted), ...prompts, `--method ${quoted(methods.join(","))}`,
      `--color-map ${state.color} --alpha ${state.opacity} --overlay original --upright`,
      layers && isModelCorrected(model) && "--correct off", state.scale === "shared" && "--scale shared",
      state.contour && `--threshold ${state.threshold}`,
    ].filter(Boolean).join(" ");
  }).join("\n");
}
