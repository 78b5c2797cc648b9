// Sends requests to this server only.

/** A sentence for the user, with the status of the answer (0 if there was none). */
export class APIError extends Error {
  constructor(detail, status) {
    super(detail);
    this.status = status;
  }
}

let token = sessionStorage.getItem("zoo-token");
let asking = null; // a promise while the token form is open

/** Remembers a token for as long as the tab is open. */
export function setToken(text) {
  token = text;
  sessionStorage.setItem("zoo-token", text);
}

/** Asks for the token; several requests that need it wait for one form. */
function askForToken() {
  asking ??= new Promise((resolve) => {
    const box = document.getElementById("token-box"), field = document.getElementById("token");
    box.addEventListener("close", () => {
      asking = null;
      if (field.value.trim()) setToken(field.value.trim());
      resolve(field.value.trim() !== "");
      field.value = "";
    }, { once: true });
    document.getElementById("token-wrong").hidden = !token;
    box.showModal();
  });
  return asking;
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

async function problem(response) {
  try {
    const document = await response.json();
    return new APIError(document.detail || document.title, response.status);
  } catch {
    return new APIError(`The server answered ${response.status} ${response.statusText}.`, response.status);
  }
}

/** Sends a request. Asks for a token if one is needed, and waits if the server is busy. */
async function send(path, { body, signal } = {}, tries = 3) {
  const address = new URL(path, document.baseURI);
  if (address.origin !== location.origin) throw new APIError(`${address.origin} is not this server.`, 0);
  const headers = {};
  const used = token;
  if (used) headers.Authorization = `Bearer ${used}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(address, { method: body ? "POST" : "GET", body: body && JSON.stringify(body), headers, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new APIError("The server does not answer. Is 'zoo serve' still running?", 0);
  }
  if (response.ok) return response;
  if (response.status === 401) {
    if (token !== used || (await askForToken())) return send(path, { body, signal }, tries);
  } else if ((response.status === 429 || response.status === 503) && tries > 1 && response.headers.has("Retry-After")) {
    const seconds = parseFloat(response.headers.get("Retry-After")) || 1;
    await pause(Math.min(seconds, 10), signal);
    return send(path, { body, signal }, tries - 1);
  }
  throw await problem(response);
}

/** The models, and the memory that they take. */
export const fetchModels = async () => (await send("v1/models")).json();
export const fetchExamples = async () => (await (await send("v1/examples")).json()).data;
export const fetchBlob = async (address) => (await send(address)).blob();

/**
 * Explains a picture. It is sent once for each model and then referred to by its id; it is sent again if the server has dropped it.
 *
 * Returns the answer and the seconds from the request to the parsed answer.
 */
export async function explain(picture, model, request, signal) {
  const start = performance.now();
  const post = async (what) => (await send("v1/explain", { body: { model, ...request, ...what }, signal })).json();
  const id = picture.ids.get(model);
  let answer;
  try {
    answer = await post(id ? { picture: id } : { image: picture.dataURL });
  } catch (error) {
    if (!(id && error.status === 404)) throw error;
    picture.ids.delete(model);
    answer = await post({ image: picture.dataURL });
  }
  picture.ids.set(model, answer.picture);
  return { answer, roundTrip: (performance.now() - start) / 1000 };
}
