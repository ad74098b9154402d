/** The server's JSON and its stream of events, with the key where one is asked for. */

import { visible } from "./foreign.js";

const KEPT = "nsed key";

/** Whether the server wants a key that it was not given. */
export class KeyNeeded extends Error {}

/** Remember a key for this tab. */
export function useKey(key) {
  sessionStorage.setItem(KEPT, key);
}

/** Read something; foreign text in it is made visible unless it comes so already. */
export async function get(path, safe = false) {
  const found = await told(await fetch(`/api${path}`, { headers: headers() }));
  return safe ? found : visible(found);
}

/** Ask the server to do something. */
export async function post(path, body = {}) {
  return visible(await told(await fetch(`/api${path}`, {
    method: "POST",
    headers: { ...headers(), "content-type": "application/json" },
    body: JSON.stringify(body),
  })));
}

/** Hand every event of a run to `heard(number, event)`; resolves with the end, or null
 * where the stream broke off. */
export async function follow(id, after, heard, signal) {
  const answer = await fetch(`/api/runs/${encodeURIComponent(id)}/events`, {
    headers: { ...headers(), ...(after ? { "last-event-id": String(after) } : {}) },
    signal,
  });
  if (!answer.ok) await told(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return null;
    const blocks = (rest + value.replace(/\r/g, "")).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const { name, number, data } = fields(block);
      if (name === "end") return visible(JSON.parse(data));
      if (data) heard(number, visible(JSON.parse(data)));
    }
  }
}

function fields(block) {
  const found = { name: "message", number: 0, data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (line.startsWith("event:")) found.name = value;
    else if (line.startsWith("id:")) found.number = Number(value) || 0;
    else if (line.startsWith("data:")) found.data += (found.data && "\n") + value;
  }
  return found;
}

function headers() {
  const key = sessionStorage.getItem(KEPT);
  return key ? { authorization: `Bearer ${key}` } : {};
}

async function told(answer) {
  const type = answer.headers.get("content-type") ?? "";
  const body = type.includes("json") ? await answer.json() : {};
  if (answer.ok) return body;
  const words = visible(body.error?.message ?? `the server answered ${answer.status}`);
  throw answer.status === 401 ? new KeyNeeded(words) : new Error(words);
}
