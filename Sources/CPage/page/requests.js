// When to send requests, and what to show meanwhile.

import { APIError, explain } from "./api.js";
import { element } from "./elements.js";
import { lookAtModels, refreshModels, size } from "./settings.js";
import { allPrompts, answerKey, chosenMethods, chosenModels, methodsFor, modelNamed, state } from "./state.js";

const $ = (id) => document.getElementById(id);
let draw = () => {};
let running = null; // {controller, key, bringsPictures, isOutdated}
let timer = 0, lastSent = -Infinity, lastRoundTrip = 0, ticking = 0, announcing = 0;

/** `redraw` is called with each answer. */
export function startRequests(redraw) {
  draw = redraw;
}

export function showErrors(errors) {
  $("errors").hidden = !errors.length;
  $("errors").replaceChildren(...[...new Set(errors)].map((text) => element("p", {}, text)));
}

/** Shows what is being done for the models; the server reports the progress of loading. Null if nothing is. */
function showProgress(models) {
  clearInterval(ticking);
  const bar = $("progress");
  document.body.classList.toggle("busy", models !== null);
  bar.hidden = models === null;
  bar.classList.remove("known");
  if (models === null) return;
  const start = performance.now();
  const isComing = (id) => modelNamed(id)?.loading !== null || !modelNamed(id).loaded;
  let said = false;
  const tick = async () => {
    const own = ticking, seconds = (performance.now() - start) / 1000;
    if (seconds < 0.4) return;
    if (models.some(isComing)) await lookAtModels().catch(() => {});
    if (own !== ticking || bar.hidden) return; // the answer has come meanwhile
    const loading = models.filter(isComing).map(modelNamed).filter(Boolean);
    const shares = loading.map((model) => model.loading).filter((share) => typeof share === "number");
    const percent = shares.length ? Math.round(100 * Math.min(...shares)) : null;
    bar.classList.toggle("known", percent !== null);
    bar.style.setProperty("--share", `${percent}%`);
    if (percent !== null) bar.setAttribute("aria-valuenow", percent);
    else bar.removeAttribute("aria-valuenow");
    const what = loading.length ? `Loading ${loading.map(({ id, bytes }) => `${id} (${size(bytes)})`).join(", ")}` : "Computing";
    $("timing").textContent = [`${what} …`, percent !== null && `${percent} %,`, `${seconds.toFixed(0)} s`].filter(Boolean).join(" ");
    if (loading.length && !said) $("status").textContent = what;
    said = true;
  };
  ticking = setInterval(tick, 200);
}

function showTiming({ answer, roundTrip }) {
  const { picture, text, maps } = answer.seconds, seconds = (value) => `${value.toFixed(3)} s`;
  $("timing").textContent = [
    `Picture ${picture >= 0.0005 ? seconds(picture) : "kept"}`, `text ${seconds(text)}`, `maps ${seconds(maps)}`,
    `round trip ${seconds(roundTrip)}`,
  ].join(" · ");
}

/** Announces the scores once they have settled. */
function announce(answer) {
  clearTimeout(announcing);
  announcing = setTimeout(() => {
    $("status").textContent = answer.prompts.map(({ prompt, similarity, share, absent }) => [
      `${prompt}: similarity ${similarity.toFixed(2)}`,
      share !== null && `share ${Math.round(100 * share)} percent`, absent && "probably absent",
    ].filter(Boolean).join(", ")).join(". ");
  }, 800);
}

/** Everything that identifies a request besides its prompts. */
const jobsKey = (jobs) => JSON.stringify(jobs.map(({ picture, model }) => [picture.number, model]));

async function run({ picture, slot, model }, prompts, signal) {
  const methods = methodsFor(model), isWarmUp = !prompts.length;
  if (!methods.length) throw new APIError(`${chosenMethods().join(", ")} does not run on ${model}.`, 0);
  const request = {
    prompts: isWarmUp ? ["a photo"] : prompts, methods, upright: true,
    layer_maps: state.wantsLayers, patch_similarities: state.wantsPatches,
  };
  const found = await explain(picture, model, request, signal);
  lastRoundTrip = found.roundTrip;
  const known = modelNamed(model);
  if (!(known?.loaded && known.methods.length)) await refreshModels();
  if (signal.aborted) return;
  if (!isWarmUp) state.answers.set(answerKey(slot, model), { ...found, request });
  draw();
  if (isWarmUp) return;
  showTiming(found);
  announce(found.answer);
  performance.mark("painted");
}

/**
 * Requests everything that the settings show. Without prompts the picture is sent in advance, so that it is there when the user types.
 *
 * A running request is aborted, unless it is the one that sends the picture to the model: its results are useful for the next one,
 * which then waits for it.
 */
async function ask() {
  const prompts = [...allPrompts()];
  const jobs = state.pictures
    .flatMap((picture, slot) => (picture ? chosenModels().map((model) => ({ picture, slot, model })) : []))
    .filter(({ picture, model }) => prompts.length || (modelNamed(model)?.takes_text && !picture.ids.has(model)));
  const key = jobsKey(jobs);
  if (running?.bringsPictures && running.key === key) {
    running.isOutdated = true;
    return;
  }
  if (running) { // the server takes longer than expected: send fewer requests while typing
    lastRoundTrip = Math.max(lastRoundTrip, (performance.now() - lastSent) / 1000);
    running.controller.abort();
    running = null;
  }
  if (!jobs.length) return showProgress(null);
  const own = { controller: new AbortController(), key, bringsPictures: jobs.some(({ picture, model }) => !picture.ids.has(model)) };
  running = own;
  lastSent = performance.now();
  showProgress(jobs.map(({ model }) => model));
  const results = await Promise.allSettled(jobs.map((job) => run(job, prompts, own.controller.signal)));
  if (running !== own) return;
  running = null;
  showProgress(null);
  const errors = results.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  for (const error of errors) if (!(error instanceof APIError)) console.error(error);
  showErrors(errors.map(({ message }) => message));
  if (errors.length) $("timing").textContent = "The last request failed.";
  else if (!prompts.length) $("timing").textContent = "The picture is ready.";
  if (own.isOutdated) ask();
}

/** For typing: sends a request at once if there was time for an answer since the last one, otherwise after 150 ms without a keystroke. */
export function askSoon() {
  clearTimeout(timer);
  if (performance.now() - lastSent > Math.max(150, 1000 * lastRoundTrip)) ask();
  else timer = setTimeout(ask, 150);
}

export function askNow() {
  clearTimeout(timer);
  ask();
}

/** Whether the answers cover everything that the settings show. */
export function isAnswered() {
  const prompts = JSON.stringify(allPrompts());
  return state.pictures.every((picture, slot) => !picture || chosenModels().every((model) => {
    const request = state.answers.get(answerKey(slot, model))?.request;
    return request && JSON.stringify(request.prompts) === prompts
      && (request.layer_maps || !state.wantsLayers) && (request.patch_similarities || !state.wantsPatches)
      && methodsFor(model).every((method) => request.methods.includes(method));
  }));
}

