/* An operator's own signing key: made here, kept by this browser, never sent anywhere and not even readable by us.
   What is signed is the order's own bytes (contract/bulk.py), and what the page shows of an order is read from them. */

const NAME = "latchmile-signing-keys";
const STORE = "keys";
const DOMAIN = "lm/bulk/v1";
const ALGORITHM = "Ed25519";
const KEY_DIGITS = 16;

const one = (selector, root = document) => root.querySelector(selector);
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const toBytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const toHex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function startBulk() {
  const [make, sign, bring, doors] = ["make-key", "sign", "bring-list", "choose-doors"].map((name) => one(`[data-${name}]`));
  if (bring) readFile(bring);
  if (doors) chooseDoors(doors);
  readOrder();
  if (make || sign) startKeys(make, sign);
}

async function startKeys(make, sign) {
  if (!(await canSign())) {
    one("[data-no-crypto]").hidden = false;
    return;
  }
  if (make) await offerKey(make);
  if (sign) await offerSignature(sign);
}

// Some browsers know no Ed25519, and none offers it to a page that came without HTTPS.
async function canSign() {
  try {
    await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
    return true;
  } catch {
    return false;
  }
}

async function offerKey(form) {
  for (const mark of document.querySelectorAll("[data-here]")) mark.hidden = !(await kept(mark.dataset.here));
  const button = one("button", form);
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
    const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
    const digest = toHex(await crypto.subtle.digest("SHA-256", raw));
    await keep(`op-${digest.slice(0, KEY_DIGITS)}`, pair.privateKey);
    form.elements.public_key.value = toText(raw);
    form.submit();
  });
}

async function offerSignature(form) {
  const mine = [];
  for (const id of form.dataset.sign.split(" ").filter(Boolean)) if (await kept(id)) mine.push(id);
  if (mine.length === 0) {
    one("[data-no-key]").hidden = false;
    return;
  }
  const button = one("button", form);
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const order = toBytes(one("[data-order]").dataset.order);
    form.elements.key_id.value = mine[0];
    form.elements.signature.value = toText(await crypto.subtle.sign(ALGORITHM, await kept(mine[0]), encoded(order)));
    form.submit();
  });
}

/** The pre-authentication encoding of DSSE, in a domain of its own. */
function encoded(order) {
  const head = new TextEncoder().encode(`DSSEv1 ${DOMAIN.length} ${DOMAIN} ${order.length} `);
  return new Uint8Array([...head, ...order]);
}

// What is shown is what is signed: read from the very bytes, whatever else the page says.
function readOrder() {
  const shown = one("[data-order]");
  if (!shown) return;
  const order = JSON.parse(new TextDecoder().decode(toBytes(shown.dataset.order)));
  for (const place of shown.querySelectorAll("[data-says]")) {
    place.textContent = [order[place.dataset.says]].flat().join(" ");
  }
}

function readFile(form) {
  const file = one("input[type=file]", form);
  file.addEventListener("change", async () => {
    if (!file.files[0]) return;
    form.elements.statement.value = toText(await file.files[0].arrayBuffer());
    one("button", form).disabled = false;
  });
}

function chooseDoors(form) {
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const field = form.elements.doors;
  const typed = new Set(field.value.toUpperCase().split(/[\s,]+/));
  for (const box of boxes) box.checked = typed.has(box.value);
  const say = () => {
    field.value = boxes.filter((box) => box.checked).map((box) => box.value).join(" ");
    one("[data-chosen]", form).textContent = field.value;
  };
  form.addEventListener("change", (event) => event.target.type === "checkbox" && say());
  form.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-choose]")?.dataset.choose;
    if (!wanted) return;
    boxes.forEach((box, place) => (box.checked = wanted === "all" && place < Number(form.dataset.doorsMax)));
    say();
  });
  one("[data-wall]", form).hidden = false;
  one("[data-plain]", form).hidden = true;
  if (typed.size) say();
}

// ------------------------------------------------------------------ keys, in this browser's own store

function store(mode, ask) {
  return new Promise((resolve, reject) => {
    const opened = indexedDB.open(NAME, 1);
    opened.onupgradeneeded = () => opened.result.createObjectStore(STORE);
    opened.onerror = () => reject(opened.error);
    opened.onsuccess = () => {
      const asked = ask(opened.result.transaction(STORE, mode).objectStore(STORE));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    };
  });
}

const keep = (id, key) => store("readwrite", (keys) => keys.put(key, id));
const kept = (id) => store("readonly", (keys) => keys.get(id));
