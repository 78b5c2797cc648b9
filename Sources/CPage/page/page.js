// Wires the parts together.

import { setToken } from "./api.js";
import { drawChips, startChips } from "./chips.js";
import { commands, saveJSON, saveNPY, savePNG, saveSVG } from "./downloads.js";
import { element } from "./elements.js";
import { drawPanels, startPanels } from "./panels.js";
import { drawExamples, drawSlots, startPictures, takeExample } from "./pictures.js";
import { askNow, askSoon, isAnswered, showErrors, startRequests } from "./requests.js";
import { drawModels, drawSettings, refreshModels, startSettings } from "./settings.js";
import { allPrompts, answerKey, fragment, state, takeFragment } from "./state.js";

const $ = (id) => document.getElementById(id);
let panels = [];

const firstAnswer = () => {
  const slot = state.pictures[0] ? 0 : 1;
  return state.answers.get(answerKey(slot, state.model)) ?? [...state.answers.values()][0];
};

function draw() {
  if (!allPrompts().length) state.answers.clear();
  const kept = firstAnswer();
  drawModels();
  drawSlots();
  drawChips(kept?.answer.prompts);
  panels = drawPanels();
  drawSettings(panels);
  document.body.classList.toggle("shows", state.pictures.some(Boolean));
  $("empty").hidden = state.pictures.some(Boolean);
  for (const id of ["save-png", "save-svg", "save-npy", "save-json"]) $(id).disabled = !panels.length;
  $("command").textContent = commands() || "Choose a picture and keep a prompt first.";
  $("copy-command").disabled = !commands();
  const notes = [...new Set([state.remark, ...panels.flatMap(({ answer }) => answer.notes)])].filter(Boolean);
  $("notes").hidden = !notes.length;
  $("notes").replaceChildren(...notes.map((note) => element("li", {}, note)));
  const settings = fragment();
  if (location.hash.slice(1) !== settings) history.replaceState(null, "", settings ? `#${settings}` : location.pathname + location.search);
}

function settingsChanged() {
  draw();
  if (!isAnswered()) askNow();
}

function startDownloads() {
  const active = () => panels.find(({ key }) => key === state.active) ?? panels[0];
  $("save-png").addEventListener("click", () => savePNG(active()));
  $("save-npy").addEventListener("click", () => saveNPY(active()));
  $("save-svg").addEventListener("click", () => saveSVG(panels));
  $("save-json").addEventListener("click", () => saveJSON(panels));
  const copy = async (text, what) => {
    try {
      await navigator.clipboard.writeText(text);
      $("status").textContent = $("timing").textContent = `${what} copied.`;
    } catch {
      showErrors([`The browser does not allow copying; mark the text and copy it by hand: ${text}`]);
    }
  };
  $("copy-command").addEventListener("click", () => copy(commands(), "Command"));
  $("copy-link").addEventListener("click", () => copy(location.href, "Link"));
}

// ---- Start

/** A token is passed as #token=... and removed from the URL. */
function takeAddress() {
  const values = new URLSearchParams(location.hash.slice(1));
  if (values.has("token")) setToken(values.get("token"));
  values.delete("token");
  takeFragment(values.toString());
  state.wantsLayers = state.layers !== null;
  $("single").checked = state.layers !== null && state.layers.first === state.layers.last;
}

async function takeNamedExample() {
  const example = state.examples.find(({ name }) => name === state.example);
  if (example) await takeExample(example);
}

async function start() {
  takeAddress();
  startRequests(draw);
  startPictures(() => { draw(); askNow(); });
  startSettings(settingsChanged, draw);
  startDownloads();
  startChips(() => { draw(); askSoon(); }, settingsChanged);
  startPanels(() => {
    if (state.wantsPatches) return;
    state.wantsPatches = true;
    askNow();
  });
  $("skip").addEventListener("click", (event) => { event.preventDefault(); $("prompt").focus(); });
  window.addEventListener("hashchange", async () => {
    const before = state.example;
    takeAddress();
    await refreshModels().catch(() => {});
    settingsChanged();
    if (state.example !== before) takeNamedExample();
  });
  draw();
  try {
    await refreshModels();
    draw();
    await drawExamples();
    await takeNamedExample();
  } catch (error) {
    showErrors([error.message]);
  }
}

start();
