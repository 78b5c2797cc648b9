// Pictures: from files, the clipboard, examples or the camera.

import { fetchBlob, fetchExamples } from "./api.js";
import { element, refill } from "./elements.js";
import { showErrors } from "./requests.js";
import { state } from "./state.js";

const $ = (id) => document.getElementById(id);
let changed = () => {};
let count = 0; // of pictures so far

export function drawSlots() {
  const names = state.pictures.map((picture) => picture?.name ?? null);
  refill($("slots"), JSON.stringify([names, state.slot]), () => names.flatMap((name, slot) => {
    if (slot === 1 && !names[0]) return [];
    const choose = element("button", { type: "button", class: "slot" }, name ?? (slot ? "+ Second picture" : "No picture yet"));
    choose.setAttribute("aria-pressed", slot === state.slot);
    choose.title = `The next picture becomes picture ${slot + 1}`;
    choose.addEventListener("click", () => { state.slot = slot; drawSlots(); });
    if (slot === 0 || !name) return [choose];
    const away = element("button", { type: "button", class: "small", title: "Remove" }, "×");
    away.setAttribute("aria-label", `Remove picture 2, ${name}`);
    away.addEventListener("click", () => {
      [state.pictures[1], state.slot] = [null, 0];
      forgetAnswers(1);
      changed();
    });
    return [choose, away];
  }));
}

function readDataURL(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function forgetAnswers(slot) {
  for (const key of state.answers.keys()) if (key.startsWith(`${slot} `)) state.answers.delete(key);
}

/** Puts a picture into the chosen slot. Its file is sent to the server unmodified; if the browser cannot show it, only the map is shown. */
async function takePicture(blob, name, example = "") {
  const slot = state.slot;
  let dataURL;
  try {
    dataURL = await readDataURL(blob);
  } catch {
    return showErrors([`${name} cannot be read.`]);
  }
  const bitmap = await createImageBitmap(blob).catch(() => null); // upright, as requested from the server
  state.pictures[slot]?.bitmap?.close();
  state.pictures[slot] = { number: count++, name, dataURL, bitmap, ids: new Map() };
  forgetAnswers(slot);
  if (slot === 0) state.example = example;
  if (matchMedia("(max-width: 52rem)").matches) $("examples-box").open = false; // the map matters more there
  showErrors([]);
  changed();
}

export async function takeExample(example) {
  try {
    const prompts = state.prompts.length ? [] : example.prompts;
    const blob = await fetchBlob(example.url);
    if (prompts.length) [state.prompts, state.selected] = [[...prompts], prompts[0]];
    await takePicture(blob, decodeURIComponent(example.url.split("/").pop()), example.name);
  } catch (error) {
    showErrors([error.message]);
  }
}

/** `ask` is called when the picture changes. */
export function startPictures(ask) {
  changed = ask;
  const files = (list) => [...(list ?? [])].filter((file) => file.type.startsWith("image/") || file.type === "");
  const takeAll = async (found, place) => {
    for (const [at, file] of found.slice(0, 2).entries()) {
      if (at === 1) state.slot = 1;
      await takePicture(file, file.name || `${place}.png`);
    }
  };
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => { takeAll(files($("file").files), "picture"); $("file").value = ""; });
  document.addEventListener("paste", (event) => {
    const found = files(event.clipboardData?.files);
    if (!found.length) return;
    event.preventDefault();
    takeAll(found, "pasted");
  });
  const hasFiles = (event) => event.dataTransfer.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return; // text goes where it is dropped
    event.preventDefault();
    $("drop").classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    $("drop").classList.remove("over");
    const found = files(event.dataTransfer.files);
    if (found.length) takeAll(found, "dropped");
    else showErrors(["What was dropped is not a picture file."]);
  });
  startCamera();
}

function startCamera() {
  const box = $("camera-box"), video = $("video");
  if (!navigator.mediaDevices?.getUserMedia) {
    $("camera").hidden = true;
    return;
  }
  $("camera").addEventListener("click", async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      box.showModal();
    } catch {
      showErrors(["The camera cannot be used; the browser or the system does not allow it."]);
    }
  });
  $("shoot").addEventListener("click", () => {
    const canvas = element("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => { if (blob) takePicture(blob, "camera.png"); }, "image/png");
    box.close();
  });
  $("camera-close").addEventListener("click", () => box.close());
  box.addEventListener("close", () => {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  });
}

export async function drawExamples() {
  state.examples = await fetchExamples();
  $("examples-box").hidden = !state.examples.length;
  await Promise.all(state.examples.map(async (example) => {
    const image = element("img", { alt: "", width: 72, height: 72 });
    const button = element("button", { type: "button", title: example.name }, image);
    button.setAttribute("aria-label", `Example ${example.name}`);
    button.addEventListener("click", () => takeExample(example));
    $("examples").append(element("li", {}, button));
    image.src = URL.createObjectURL(await fetchBlob(example.url));
  }));
}

