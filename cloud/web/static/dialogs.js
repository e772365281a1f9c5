/* Dialogs that ask before something moves; the browser keeps focus inside and closes them with Escape. */

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  });
  for (const asked of document.querySelectorAll("dialog[data-open-now]")) asked.showModal();
}
