/* Dialogs that ask before something moves. Their buttons carry the standard's own commands (HTML, "invoker commands") and
   need no script; browsers that do not know them yet are helped here. */

const KNOWN = "commandForElement" in HTMLButtonElement.prototype;

export function startDialogs() {
  if (!KNOWN) document.addEventListener("click", obey);
  for (const asked of document.querySelectorAll("dialog[data-open-now]")) asked.showModal();
}

function obey(event) {
  const button = event.target.closest("button[commandfor]");
  const dialog = button && document.getElementById(button.getAttribute("commandfor"));
  if (!dialog) return;
  if (button.getAttribute("command") === "close") dialog.close();
  else dialog.showModal();
}
