// Talks to the agent on this machine. Codes travel in bodies only, and nothing is asked twice by itself.

const SILENCE_MS = 15000; // three missed pings of the server
const RETRY_MS = 1000; // the agent restarts in about two seconds

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    cache: "no-store",
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

export const enterCode = async (code) => (await post("/code", { code })).entry;
export const scan = (text) => post("/scan", { text });
export const answer = (name, label = null) => post("/answer", { answer: name, label });

export const painted = () => post("/painted", {});

export async function about() {
  const reply = await fetch("/config", { cache: "no-store" });
  if (!reply.ok) throw new Error(`/config: ${reply.status}`);
  return reply.json();
}

/** Follow the screens for ever: `onScreen(screen)` for each, `onLost()` when the agent has fallen silent. */
export function follow({ onConnected, onScreen, onLost }) {
  let source = null;
  let watchdog = 0;

  function lose() {
    clearTimeout(watchdog);
    source?.close();
    source = null;
    onLost();
    setTimeout(connect, RETRY_MS);
  }

  function heard() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lose, SILENCE_MS);
  }

  function connect() {
    source = new EventSource("/events");
    heard();
    source.addEventListener("open", onConnected);
    source.addEventListener("ping", heard);
    source.addEventListener("screen", (event) => {
      heard();
      onScreen(JSON.parse(event.data));
    });
    source.addEventListener("error", lose);
  }

  connect();
}
