// The panels: one map each, with what is under the pointer and the table of a patch.

import { decimals, scores } from "./chips.js";
import { drawingSize, makePanels, middle, panelDetails, panelTitle, placeIn } from "./content.js";
import { mapArea, paint, paintPicture } from "./drawing.js";
import { element } from "./elements.js";
import { level, winner } from "./maps.js";
import { state } from "./state.js";

const stage = document.getElementById("panels"), table = document.getElementById("patch");
const say = document.getElementById("status");
const elements = new Map(); // panel key → its figure
let shown = []; // the panels as last drawn
const looks = new WeakMap(); // canvas → everything that its drawing depends on
let pointer = null; // {slot, x, y}: in 0...1 of the picture
let pinned = null; // the same
let pin = () => {};

function readout(panel, place) {
  const best = winner(panel.rasters, place.index), prompts = panel.answer.prompts;
  const value = (at) => level(panel.rasters[at].values[place.index], panel.range).toFixed(2);
  const at = panel.prompt < 0 ? best : panel.prompt;
  const parts = [`Row ${place.row + 1}, column ${place.column + 1}: ${value(at)}`];
  if (prompts.length > 1) parts.push(panel.prompt < 0 ? `for ${prompts[best].prompt}` : `highest here: ${prompts[best].prompt}`);
  return { text: parts.join(panel.prompt < 0 ? " " : ", "), color: panel.colors[best], several: prompts.length > 1 };
}

/** Draws a frame around a patch of a panel, or hides it. */
function markPatch(box, panel, place) {
  box.hidden = !place;
  if (!place) return;
  const area = mapArea(panel, panel.answer.source.width), { width, height } = panel.answer.source;
  const [rows, columns] = panel.answer.grid;
  box.style.left = `${(100 * (area.left + (place.column * area.width) / columns)) / width}%`;
  box.style.top = `${(100 * (area.top + (place.row * area.height) / rows)) / height}%`;
  box.style.width = `${(100 * area.width) / columns / width}%`;
  box.style.height = `${(100 * area.height) / rows / height}%`;
}

/** Shows what is under the pointer in all panels of its picture. */
function drawPointer() {
  for (const panel of shown) {
    const figure = elements.get(panel.key);
    const here = (mark) => (mark?.slot === panel.slot ? placeIn(panel, mark) : null);
    const place = here(pointer) ?? here(pinned);
    markPatch(figure.querySelector(".cursor"), panel, here(pointer));
    markPatch(figure.querySelector(".pin"), panel, here(pinned));
    const found = place && readout(panel, place), line = figure.querySelector(".readout");
    const swatch = found?.several ? element("span", { class: "swatch" }) : "";
    if (swatch) swatch.style.backgroundColor = found.color;
    line.replaceChildren(swatch, found ? found.text : "");
  }
}

/** The table of the pinned patch: each prompt's similarity there, and its map. */
function drawPatch() {
  const panel = shown.find(({ key }) => key === state.active) ?? shown[0];
  const place = pinned && panel && panel.slot === pinned.slot ? placeIn(panel, pinned) : null;
  table.hidden = !place;
  if (!place) return;
  const { prompts, grid: [, columns] } = panel.answer, at = place.row * columns + place.column;
  const head = ["Prompt", "Patch similarity", "Map, 0 to 1", "Map, not scaled"];
  const rows = prompts.map((one, index) => {
    const value = panel.rasters[index].values[place.index], own = panel.rasters[index];
    const swatch = element("span", { class: "swatch" });
    swatch.style.backgroundColor = panel.colors[index];
    const name = element("th", { scope: "row" }, swatch, one.prompt);
    const range = panel.prompt < 0 || state.scale === "shared" ? panel.range : own;
    const similarity = one.patches ? decimals(one.patches[at], 3) : "—";
    const cells = [similarity, level(value, range).toFixed(2), value.toPrecision(3)];
    return element("tr", {}, name, ...cells.map((text) => element("td", {}, text)));
  });
  const close = element("button", { type: "button", class: "small", title: "Close" }, "×");
  close.setAttribute("aria-label", "Close the table of the patch");
  close.addEventListener("click", () => { pinned = null; drawPointer(); drawPatch(); });
  const title = `Patch in row ${place.row + 1}, column ${place.column + 1}: ${panelDetails(panel, shown)}`;
  const made = element("table", {}, element("caption", {}, title),
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows));
  const none = prompts.every((one) => !one.patches) && state.wantsPatches
    ? [element("p", { class: "quiet" }, "This model does not define the similarity of a single patch.")] : [];
  table.replaceChildren(close, element("div", { class: "wide" }, made), ...none);
}

function activate(panel) {
  state.active = panel.key;
  for (const [key, figure] of elements) figure.classList.toggle("active", key === state.active && shown.length > 1);
}

/** The current panel of a figure: figures outlive answers. */
const panelOf = (key) => shown.find((panel) => panel.key === key);

function moveByKey(event, key) {
  const panel = panelOf(key);
  if (!panel) return;
  const [rows, columns] = panel.answer.grid;
  const now = (pointer?.slot === panel.slot && placeIn(panel, pointer))
    || (pinned?.slot === panel.slot && placeIn(panel, pinned)) || { row: rows >> 1, column: columns >> 1 };
  let { row, column } = now;
  switch (event.key) {
    case "ArrowUp": row--; break;
    case "ArrowDown": row++; break;
    case "ArrowLeft": column--; break;
    case "ArrowRight": column++; break;
    case "Home": column = 0; break;
    case "End": column = columns - 1; break;
    case "Enter": case " ": break;
    case "Escape": pointer = pinned = null; drawPointer(); drawPatch(); return;
    default: return;
  }
  event.preventDefault();
  row = Math.min(Math.max(row, 0), rows - 1);
  column = Math.min(Math.max(column, 0), columns - 1);
  pointer = { slot: panel.slot, ...middle(panel, row, column) };
  activate(panel);
  if (event.key === "Enter" || event.key === " ") {
    pinned = pointer;
    pin();
    drawPatch();
  }
  drawPointer();
  const place = placeIn(panel, pointer);
  if (place) say.textContent = readout(panel, place).text;
}

function makeFigure(key) {
  const canvas = element("canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "heat map");
  const view = element("div", { class: "frame" }, canvas,
    element("div", { class: "pin", hidden: true }), element("div", { class: "cursor", hidden: true }));
  const caption = element("figcaption", {},
    element("div", { class: "line" }, element("span", { class: "title" }), element("span", { class: "scores" })),
    element("div", { class: "details quiet" }), element("div", { class: "readout" }));
  const place = (event) => ({
    slot: panelOf(key).slot, x: event.offsetX / canvas.clientWidth, y: event.offsetY / canvas.clientHeight,
  });
  canvas.addEventListener("pointermove", (event) => { if (panelOf(key)) { pointer = place(event); drawPointer(); } });
  canvas.addEventListener("pointerleave", () => { pointer = null; drawPointer(); });
  canvas.addEventListener("click", (event) => {
    const panel = panelOf(key);
    if (!panel) return;
    activate(panel);
    pinned = placeIn(panel, place(event)) ? place(event) : null;
    if (pinned) pin();
    drawPointer();
    drawPatch();
  });
  canvas.addEventListener("keydown", (event) => moveByKey(event, key));
  canvas.addEventListener("blur", () => { pointer = null; drawPointer(); });
  return element("figure", { class: "panel" }, view, caption);
}

/** Draws the pictures alone, while there is no map. */
function drawPictures() {
  shown = [];
  const bare = state.pictures.filter((picture) => picture?.bitmap).map((picture) => {
    const { width, height } = picture.bitmap, canvas = element("canvas", {});
    [canvas.width, canvas.height] = drawingSize({ source: { width, height } }, 1024, 512);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `The picture ${picture.name}`);
    paintPicture(canvas.getContext("2d"), canvas.width, canvas.height, picture.bitmap);
    const frame = element("div", { class: "frame" }, canvas);
    frame.style.setProperty("--ratio", width / height);
    return element("figure", { class: "panel" }, frame,
      element("figcaption", {}, element("div", { class: "details quiet" }, picture.name)));
  });
  elements.clear();
  stage.replaceChildren(...bare);
}

/** Draws all panels; figures at the same position stay. Returns the panels. */
export function drawPanels() {
  const panels = makePanels();
  if (!panels.length) {
    drawPictures();
    drawPatch();
    return panels;
  }
  shown = panels;
  const figures = panels.map(({ key }) => elements.get(key) ?? makeFigure(key));
  elements.clear();
  panels.forEach((panel, at) => elements.set(panel.key, figures[at]));
  if (figures.length !== stage.children.length || figures.some((figure, at) => stage.children[at] !== figure)) {
    const focused = document.activeElement;
    stage.replaceChildren(...figures);
    if (stage.contains(focused)) focused.focus();
  }
  for (const [at, panel] of panels.entries()) {
    const canvas = figures[at].querySelector("canvas"), [width, height] = drawingSize(panel.answer, 1024, 512);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    canvas.parentElement.style.setProperty("--ratio", width / height);
    const look = [
      panel.answer, panel.rasters, panel.prompt, panel.range.low, panel.range.high, ...panel.colors, width, height, panel.bitmap,
      state.color, state.opacity, state.contour, state.threshold,
    ].flat();
    if (look.length !== looks.get(canvas)?.length || look.some((one, index) => one !== looks.get(canvas)[index])) {
      looks.set(canvas, look);
      paint(canvas.getContext("2d"), width, height, panel, state);
    }
    const found = panel.answer.prompts[panel.prompt], details = panelDetails(panel, panels);
    const flat = panel.prompt >= 0 && panel.rasters[panel.prompt].high <= panel.rasters[panel.prompt].low;
    figures[at].querySelector(".title").textContent = panelTitle(panel);
    figures[at].querySelector(".line .scores").textContent = scores(found);
    figures[at].querySelector(".details").textContent = details + (flat ? " · the map is the same everywhere" : "");
    canvas.setAttribute("aria-label",
      `${panelTitle(panel)}, ${details}. Arrow keys move from patch to patch, Enter lists all prompts there.`);
  }
  if (!panels.some(({ key }) => key === state.active)) state.active = panels[0].key;
  activate(panels.find(({ key }) => key === state.active));
  drawPointer();
  drawPatch();
  return panels;
}

/** `pinnedPatch` is called when a patch is clicked. */
export function startPanels(pinnedPatch) {
  pin = pinnedPatch;
}
