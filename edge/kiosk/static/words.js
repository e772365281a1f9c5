// Speaks the person's language. A sentence is a string, or one string per plural category (CLDR, by Intl.PluralRules).

const NAMES = { en: "English", pl: "Polski", de: "Deutsch" };
const dictionaries = new Map();

let language = "en";
let words = {};

/** Return a language's own name. */
export const languageName = (code) => NAMES[code] ?? code;

/** Return the language in use. */
export const languageInUse = () => language;

/** Switch to a language; what follows on the screen is written in it. */
export async function useLanguage(code) {
  if (!dictionaries.has(code)) {
    const answer = await fetch(`/static/words/${code}.json`);
    if (!answer.ok) throw new Error(`no words for ${code}`);
    dictionaries.set(code, await answer.json());
  }
  language = code;
  words = dictionaries.get(code);
  document.documentElement.lang = code;
}

/** Whether there is a sentence for this key. */
export const has = (key) => key in words;

/** Say a sentence. `values.count` chooses the plural; `{name}` in it becomes `values.name`. */
export function say(key, values = {}) {
  let text = words[key] ?? "";
  if (typeof text === "object") text = text[new Intl.PluralRules(language).select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Write seconds as a clock does: 0:45, 12:05. */
export function asClock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
