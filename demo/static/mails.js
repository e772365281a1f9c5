// The list is asked for every two seconds; the message is a page of its own in a frame that may do nothing.

const EVERY_MS = 2000;
const lines = document.querySelector("#lines");
const count = document.querySelector("#count");
const filter = document.querySelector("#filter");
const phone = document.querySelector("#phone");
let mails = [];
let chosen = location.hash.slice(1);

function line(mail) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-current", String(mail.id === chosen));
  const name = document.createElement("strong");
  name.textContent = mail.to;
  const subject = document.createElement("span");
  subject.textContent = mail.subject;
  button.append(name);
  if (mail.has_code) {
    const mark = document.createElement("b");
    mark.className = "mark";
    mark.textContent = "Code";
    button.append(mark);
  }
  button.append(subject);
  button.addEventListener("click", () => open(mail.id));
  item.append(button);
  return item;
}

function open(id) {
  chosen = id;
  history.replaceState(null, "", id ? `#${id}` : location.pathname);
  const mail = mails.find((one) => one.id === id);
  document.body.classList.toggle("is-reading", Boolean(mail));
  phone.hidden = !mail;
  document.querySelector("#nothing").hidden = Boolean(mail);
  if (mail) {
    document.querySelector("#to").textContent = `To ${mail.to}`;
    document.querySelector("#frame").src = `/mails/${mail.id}`;
  }
  show();
}

function show() {
  const wanted = filter.value.trim().toLowerCase();
  const found = mails.filter((mail) => `${mail.to} ${mail.subject}`.toLowerCase().includes(wanted));
  lines.replaceChildren(...found.map(line));
  count.textContent = mails.length === 0 ? "Nothing yet" : `${found.length} of ${mails.length} messages`;
}

async function look() {
  try {
    const now = await (await fetch("/mails.json")).json();
    const isNew = now.length !== mails.length || now[0]?.id !== mails[0]?.id;
    const isFirst = mails.length === 0;
    mails = now;
    if (isNew) show();
    if (isFirst && chosen) open(chosen);
  } catch {
    count.textContent = "The demo has ended.";
  }
}

filter.addEventListener("input", show);
document.querySelector("#back").addEventListener("click", () => open(""));
look();
setInterval(look, EVERY_MS);
