// The state of the page, part of which is kept in the URL.

export const state = {
  // Kept in the URL.
  model: "", moreModels: [], method: "legrad", moreMethods: [],
  prompts: [], selected: "", view: "selected",
  color: "turbo", opacity: 0.6, scale: "own", contour: false, threshold: 0.5,
  layers: null, // {first, last}; null: all
  example: "",
  // Lost with the page.
  live: "", // the prompt that is being typed
  slot: 0, // where the next picture goes
  pictures: [null, null], // {number, name, dataURL, bitmap, ids: Map of model → id}
  models: [], examples: [],
  memory: { used: 0, limit: 0 }, // bytes of the models that the server has loaded, and how many it may
  answers: new Map(), // answerKey → {answer, roundTrip, request}
  remark: "", // what the URL asks for and could not be done
  active: "", // the key of the last panel clicked
  wantsLayers: false, wantsPatches: false,
};

export const answerKey = (slot, model) => `${slot} ${model}`;

/** All prompts, the one that is being typed last. */
export function allPrompts() {
  const live = state.live.trim();
  return live && !state.prompts.includes(live) ? [...state.prompts, live] : state.prompts;
}

/** The prompt whose map is shown: the one being typed, or else the selected one. */
export const shownPrompt = () => state.live.trim() || state.selected;

export const chosenModels = () => [...new Set([state.model, ...state.moreModels])].filter(Boolean);
export const chosenMethods = () => [...new Set([state.method, ...state.moreMethods])].slice(0, 8);
export const modelNamed = (id) => state.models.find((model) => model.id === id);

/** The chosen methods that a model supports; all of them while that is unknown. */
export function methodsFor(id) {
  const known = modelNamed(id)?.methods ?? [];
  return chosenMethods().filter((method) => !known.length || known.some((one) => one.id === method.split(":")[0]));
}

/** "all", "7" or "5–11". */
export function layersText(dash = "–") {
  if (!state.layers) return "all";
  const { first, last } = state.layers;
  return first === last ? `${first}` : `${first}${dash}${last}`;
}

const lists = { p: "prompts", "more-model": "moreModels", "more-method": "moreMethods" };
const words = { model: "model", method: "method", selected: "selected", example: "example" };
const choices = { view: ["selected", "each", "winner"], color: ["turbo", "viridis", "jet", "magma"], scale: ["own", "shared"] };
const numbers = { opacity: [0, 1], threshold: [0.05, 0.95] };
const standard = structuredClone(state);

/** The settings as a URL fragment, without defaults. */
export function fragment() {
  const values = new URLSearchParams();
  for (const name in words) if (state[name] && state[name] !== standard[name]) values.append(name, state[name]);
  if (state.selected === state.prompts[0]) values.delete("selected");
  for (const name in lists) for (const one of state[lists[name]]) values.append(name, one);
  for (const name of [...Object.keys(choices), ...Object.keys(numbers)]) {
    if (state[name] !== standard[name]) values.append(name, state[name]);
  }
  if (state.contour) values.append("contour", "yes");
  if (state.layers) values.append("layers", `${state.layers.first}-${state.layers.last}`);
  return values.toString();
}

/** Reads settings from a fragment; invalid ones are ignored. */
export function takeFragment(text) {
  const values = new URLSearchParams(text);
  for (const name in words) state[name] = values.get(name) || standard[name];
  for (const name in lists) {
    state[lists[name]] = [...new Set(values.getAll(name).map((one) => one.trim()).filter(Boolean))].slice(0, 32);
  }
  for (const name in choices) state[name] = choices[name].includes(values.get(name)) ? values.get(name) : standard[name];
  for (const name in numbers) {
    const value = parseFloat(values.get(name)), [low, high] = numbers[name];
    state[name] = value >= low && value <= high ? value : standard[name];
  }
  state.contour = values.get("contour") === "yes";
  const ends = /^(\d{1,3})-(\d{1,3})$/.exec(values.get("layers") ?? "");
  state.layers = ends && +ends[1] <= +ends[2] ? { first: +ends[1], last: +ends[2] } : null;
  if (!state.prompts.includes(state.selected)) state.selected = state.prompts[0] ?? "";
}
