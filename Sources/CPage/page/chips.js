// The prompts: a field to type in and a chip for each, with its colour and scores.

import { promptColor } from "./colors.js";
import { element } from "./elements.js";
import { allPrompts, shownPrompt, state } from "./state.js";

export const colorOf = (prompt) => promptColor(prompt, allPrompts());
export const decimals = (value, places) => value.toFixed(places).replace("-", "−");
// The spaces before % are non-breaking.
const percent = (share) => (share > 0 && share < 0.001 ? "<0.1 %" : share >= 0.9995 ? "100 %" : `${(100 * share).toFixed(1)} %`);

/** Similarity, share, and whether it is absent, in words. */
export function scores(found) {
  if (!found) return "";
  const parts = [`similarity ${decimals(found.similarity, 3)}`];
  if (found.share !== null) parts.push(`share ${percent(found.share)}`);
  if (found.absent) parts.push("absent?");
  return parts.join(" · ");
}

const list = document.getElementById("chips"), field = document.getElementById("prompt");
let changed = () => {};

function select(prompt) {
  addPrompts(field.value); // keeps what is being typed
  field.value = "";
  state.selected = prompt;
  changed();
}

function remove(prompt) {
  const at = state.prompts.indexOf(prompt);
  state.prompts.splice(at, 1);
  if (state.selected === prompt) state.selected = state.prompts[Math.min(at, state.prompts.length - 1)] ?? "";
  changed();
  (list.querySelectorAll("button.show")[Math.min(at, state.prompts.length - 1)] ?? field).focus();
}

/** Replaces a chip with a field that contains its text. */
function edit(prompt, item) {
  const input = element("input", { type: "text", value: prompt, class: "edit", maxLength: 2000 });
  input.setAttribute("aria-label", `Edit the prompt ${prompt}`);
  let done = false;
  const finish = (keep) => {
    if (done) return;
    done = true;
    list.dataset.key = "";
    const text = input.value.trim(), at = state.prompts.indexOf(prompt);
    if (keep && at >= 0 && text && !state.prompts.includes(text)) {
      state.prompts[at] = text;
      state.selected = text;
    }
    changed();
    const now = state.prompts[at];
    if (keep !== "left") [...list.querySelectorAll("button.show")].find((button) => button.dataset.prompt === now)?.focus();
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") finish(false);
  });
  input.addEventListener("blur", () => finish("left"));
  item.replaceChildren(input);
  input.focus();
  input.select();
}

/** Adds prompts separated by commas or line breaks. */
function addPrompts(text) {
  for (const one of text.split(/[,\n]/).map((part) => part.trim()).filter(Boolean)) {
    if (state.prompts.length < 32 && !state.prompts.includes(one)) state.prompts.push(one);
    state.selected = one;
  }
  state.live = "";
}

function chip(prompt, isLive) {
  const found = element("span", { class: "scores" });
  const swatch = element("span", { class: "swatch" });
  swatch.style.backgroundColor = colorOf(prompt);
  const show = element("button", { type: "button", class: "show" }, swatch, element("span", { class: "text" }, prompt), found);
  show.dataset.prompt = prompt;
  const item = element("li", { class: isLive ? "chip live" : "chip" }, show);
  if (isLive) {
    show.tabIndex = -1;
    return item;
  }
  const change = element("button", { type: "button", class: "small", title: "Edit" }, "✎");
  const away = element("button", { type: "button", class: "small", title: "Remove" }, "×");
  change.setAttribute("aria-label", `Edit ${prompt}`);
  away.setAttribute("aria-label", `Remove ${prompt}`);
  show.addEventListener("click", () => select(prompt));
  show.addEventListener("dblclick", () => edit(prompt, item));
  change.addEventListener("click", () => edit(prompt, item));
  away.addEventListener("click", () => remove(prompt));
  item.addEventListener("keydown", (event) => {
    if (event.target.tagName !== "BUTTON") return;
    if (event.key === "Delete" || event.key === "Backspace") remove(prompt);
    else if (event.key === "F2") edit(prompt, item);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const next = event.key === "ArrowLeft" ? item.previousElementSibling : item.nextElementSibling;
      next?.querySelector("button.show")?.focus();
    } else return;
    event.preventDefault();
  });
  item.append(change, away);
  return item;
}

/** Draws the chips; those with unchanged prompts stay, and with them the focus. `found` are the scores in an answer. */
export function drawChips(found) {
  const prompts = allPrompts(), live = prompts.length > state.prompts.length ? prompts.at(-1) : null;
  const key = JSON.stringify([prompts, live]);
  if (list.dataset.key !== key) {
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.prompt : null;
    list.replaceChildren(...prompts.map((prompt) => chip(prompt, prompt === live)));
    [...list.children].forEach((item, at) => { item.dataset.at = at; });
    list.dataset.key = key;
    if (focused) [...list.querySelectorAll("button.show")].find((button) => button.dataset.prompt === focused)?.focus();
  }
  for (const [at, prompt] of prompts.entries()) {
    const button = list.children[at].querySelector("button.show");
    if (!button) continue; // it is being edited
    const score = found?.find((one) => one.prompt === prompt);
    button.setAttribute("aria-pressed", prompt === shownPrompt());
    button.querySelector(".scores").textContent = scores(score);
    list.children[at].classList.toggle("absent", score?.absent === true);
    button.title = score?.absent
      ? `${prompt}: fits the picture no better than a prompt that names nothing` : prompt;
  }
  field.readOnly = state.prompts.length >= 32;
  document.getElementById("full").hidden = !field.readOnly;
  document.getElementById("chips-hint").hidden = !state.prompts.length;
}

/** Listens to the field; `typed` is called after each keystroke, `settled` when prompts were added, removed or selected. */
export function startChips(typed, settled) {
  changed = settled;
  field.addEventListener("input", (event) => {
    if (!event.isComposing && /[,\n]/.test(field.value)) {
      const last = field.value.search(/[^,\n]*$/);
      addPrompts(field.value.slice(0, last));
      field.value = field.value.slice(last).trimStart();
      state.live = field.value;
      settled();
    } else {
      state.live = field.value;
      typed();
    }
  });
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (!text.includes("\n")) return;
    event.preventDefault();
    addPrompts(field.value + text);
    field.value = "";
    settled();
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && field.value.trim()) {
      event.preventDefault();
      addPrompts(field.value);
      field.value = "";
      settled();
    } else if (event.key === "Escape" && field.value) {
      state.live = field.value = "";
      settled();
    } else if (event.key === "Backspace" && !field.value && state.prompts.length) {
      event.preventDefault();
      list.querySelector(`[data-at="${state.prompts.length - 1}"] button.show`)?.focus();
    }
  });
}
