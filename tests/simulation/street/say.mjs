// Says screens in the kiosk's own words: its real scenes and dictionaries, without a browser.
// stdin: a JSON list of {screen, view}. stdout: {language: [{title, lead, choices}]}.

import { readFileSync } from "node:fs";

const kiosk = new URL("../../../edge/kiosk/static/", import.meta.url);

globalThis.document = { documentElement: {}, getElementById: () => null };
globalThis.fetch = async (path) => {
  const text = readFileSync(new URL(path.replace("/static/", ""), kiosk), "utf-8");
  return { ok: true, json: async () => JSON.parse(text) };
};

const { useLanguage, say } = await import(new URL("words.js", kiosk));
const { sceneOf } = await import(new URL("scenes.js", kiosk));
const { home, wrongCode } = await import(new URL("scenes_people.js", kiosk));

function said({ screen, view }) {
  const note = screen.kind === "idle" && view === "home" && ["opened", "full"].find((one) => home(screen)[one]);
  if (note) return { title: say(`home.${note}`), lead: "", choices: [] };
  if (screen.kind === "code_wrong") return { title: wrongCode(screen.free_left), lead: "", choices: [] };
  const scene = sceneOf({ screen, view, note: null, about: null }, null, {});
  const choices = (scene.choices ?? []).filter(Boolean).map((choice) => choice.text);
  return { title: scene.title, lead: [scene.lead, scene.none].filter(Boolean).join(" "), choices };
}

const reads = JSON.parse(readFileSync(0, "utf-8"));
const answer = {};
for (const language of ["en", "pl", "de"]) {
  await useLanguage(language);
  answer[language] = reads.map(said);
}
process.stdout.write(JSON.stringify(answer));
