// The menus and sliders.

import { fetchModels } from "./api.js";
import { paintLegend } from "./drawing.js";
import { element, refill } from "./elements.js";
import { summedLayers } from "./maps.js";
import { showErrors } from "./requests.js";
import { chosenMethods, chosenModels, layersText, modelNamed, state } from "./state.js";

const $ = (id) => document.getElementById(id);
let changed = () => {}; // the settings need a new answer
let redraw = () => {}; // they only change how answers are shown

export function size(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}

/** Half a model, without a text tower and classes, has nothing to explain. */
const isUsable = (model) => model.takes_text || model.classifier;

const layerCount = () => modelNamed(state.model)?.layers || 1;

export function drawModels() {
  refill($("model"), JSON.stringify(state.models.map(({ id }) => id)), () =>
    state.models.map((model) => element("option", { value: model.id, disabled: !isUsable(model) })));
  for (const option of $("model").options) {
    const model = modelNamed(option.value);
    option.text = `${model.id} · ${size(model.bytes)}${model.loaded ? " · in memory" : ""}${isUsable(model) ? "" : " · takes no text"}`;
  }
  $("model").value = state.model;
  const loaded = state.models.filter((model) => model.loaded).length, { used, limit } = state.memory;
  $("memory").textContent = state.models.length
    ? `${loaded} of ${state.models.length} in memory: ${used ? size(used) : "0"} of ${size(limit)}` : "";
  const isClassifier = modelNamed(state.model)?.classifier;
  $("prompt-label").textContent = isClassifier ? "A class of the model" : "What to look for";
  $("prompt").placeholder = isClassifier ? "tabby cat" : "a photo of a fox";
}

/** A checkbox for each entry that may be added to a list in the state. */
function boxes(list, parent, entries) {
  refill(parent, JSON.stringify([entries, state[list]]), () => (entries.length ? entries : [null]).map((entry) => {
    if (!entry) return element("p", { class: "quiet" }, "There are no others.");
    const box = element("input", { type: "checkbox", checked: state[list].includes(entry.id) });
    box.dataset.id = entry.id;
    box.addEventListener("change", () => {
      state[list] = box.checked ? [...state[list], entry.id] : state[list].filter((one) => one !== entry.id);
      changed();
      parent.querySelector(`[data-id="${CSS.escape(entry.id)}"]`)?.focus(); // the box has been recreated
    });
    return element("label", { class: "check" }, box, element("span", {}, entry.name));
  }));
}

/** Methods of the chosen models, as far as known. */
function knownMethods() {
  const found = new Map();
  for (const id of chosenModels()) for (const one of modelNamed(id)?.methods ?? []) found.set(one.id, one.name);
  if (!found.size) found.set("legrad", "LeGrad");
  for (const id of chosenMethods()) if (!found.has(id)) found.set(id, id);
  return [...found].map(([id, name]) => ({ id, name }));
}

/** `panels` are the visible panels. */
export function drawSettings(panels) {
  const methods = knownMethods();
  refill($("method"), JSON.stringify(methods), () => methods.map(({ id, name }) => element("option", { value: id }, name)));
  for (const id of ["method", "view", "color", "scale", "opacity", "threshold"]) $(id).value = state[id];
  paintLegend($("legend"), state.color);
  $("contour").checked = state.contour;
  $("threshold").disabled = !state.contour;
  $("color").disabled = state.view === "winner";
  $("scale").disabled = state.view === "winner";
  $("opacity-value").textContent = `${Math.round(100 * state.opacity)} %`;
  $("threshold-value").textContent = state.threshold.toFixed(2);
  const most = layerCount() - 1, { first, last } = state.layers ?? { first: 0, last: most };
  for (const [id, value] of [["first", first], ["last", last]]) {
    $(id).max = most;
    $(id).value = value;
    $(`${id}-value`).textContent = value;
  }
  $("last").disabled = $("single").checked;
  $("layers-value").textContent = `${layersText()} of ${most + 1}`;
  $("layers-note").hidden = !(state.wantsLayers && panels.some(({ maps }) => !summedLayers(maps[0])));
  const others = state.models.filter((model) => model.id !== state.model && isUsable(model));
  boxes("moreMethods", $("more-methods"), methods.filter(({ id }) => id !== state.method));
  boxes("moreModels", $("more-models"), others.map(({ id }) => ({ id, name: id })));
}

/** The progress of the models, and what is in memory. */
export async function lookAtModels() {
  ({ data: state.models, memory: state.memory } = await fetchModels());
  drawModels();
}

export async function refreshModels() {
  ({ data: state.models, memory: state.memory } = await fetchModels());
  const usable = state.models.filter(isUsable);
  const isThere = (id) => usable.some((model) => model.id === id);
  const missing = [state.model, ...state.moreModels].filter((id) => id && !isThere(id));
  if (!isThere(state.model)) state.model = (usable.find((model) => model.loaded) ?? usable[0])?.id ?? "";
  state.moreModels = state.moreModels.filter(isThere);
  if (missing.length && state.model) state.remark = `Not installed here: ${missing.join(", ")}. ${state.model} is shown.`;
  if (state.model) return;
  showErrors(["No model is installed that takes text. 'zoo pull ViT-B-16:laion2b_s34b_b88k' brings one; then reload this page."]);
}

/** `ask` is called when the settings need a new answer, `draw` when they only change how answers are shown. */
export function startSettings(ask, draw) {
  [changed, redraw] = [ask, draw];
  for (const id of ["view", "color", "scale"]) {
    $(id).addEventListener("change", () => { state[id] = $(id).value; redraw(); });
  }
  for (const id of ["opacity", "threshold"]) {
    $(id).addEventListener("input", () => { state[id] = parseFloat($(id).value); redraw(); });
  }
  $("contour").addEventListener("change", () => { state.contour = $("contour").checked; redraw(); });
  $("method").addEventListener("change", () => { state.method = $("method").value; changed(); });
  $("model").addEventListener("focus", async () => {
    await lookAtModels().catch(() => {}); // the server may have unloaded models
  });
  $("model").addEventListener("change", () => {
    [state.model, state.remark] = [$("model").value, ""];
    state.layers = null;
    changed();
  });
  const setLayers = (first, last) => {
    const most = layerCount() - 1;
    state.layers = first === 0 && last === most ? null : { first, last };
    wantLayers();
    redraw();
  };
  $("first").addEventListener("input", () => {
    const first = +$("first").value;
    setLayers(first, $("single").checked ? first : Math.max(first, +$("last").value));
  });
  $("last").addEventListener("input", () => setLayers(Math.min(+$("first").value, +$("last").value), +$("last").value));
  $("single").addEventListener("change", () => {
    const most = layerCount() - 1;
    if ($("single").checked) setLayers(state.layers?.last ?? most, state.layers?.last ?? most);
    else redraw();
  });
  $("all-layers").addEventListener("click", () => { $("single").checked = false; setLayers(0, layerCount() - 1); });
  $("layers-box").addEventListener("toggle", () => { if ($("layers-box").open) wantLayers(); });
}

/** Each layer's maps are requested when first needed; moving the sliders then needs no further request. */
function wantLayers() {
  if (state.wantsLayers) return;
  state.wantsLayers = true;
  changed();
}

