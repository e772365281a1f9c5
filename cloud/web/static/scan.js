/* Scanning at a counter: a hand scanner types and presses Enter by itself; where the browser can read codes (the Shape
   Detection API's BarcodeDetector) the camera does the same. Without this script people type. */

const LOOK_EVERY_MS = 150; // seven looks a second find a steady code and leave a phone its battery
const FORMATS = ["qr_code", "code_128", "code_39", "ean_13", "itf", "data_matrix"];

export function startScan() {
  const field = document.querySelector("[data-scan]");
  if (!field) return;
  const button = document.querySelector("[data-camera]");
  if (button && "BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia) {
    button.hidden = false;
    button.addEventListener("click", () => look(field));
  }
  // What is scanned while nobody has put the cursor into the field goes there all the same.
  document.addEventListener("keydown", (event) => {
    const typing = document.activeElement.closest("input, textarea, select, button, a, summary, dialog");
    if (!typing && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
  });
  if (field.dataset.noSubmit !== undefined) {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // the courier's pass alone gives nothing back
    });
  }
}

async function look(field) {
  const dialog = document.querySelector("dialog.camera");
  const [video, said] = [dialog.querySelector("video"), dialog.querySelector("[data-camera-said]")];
  said.textContent = said.dataset.looking;
  dialog.showModal();
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: "environment" } })
    .catch(() => null);
  if (!stream) {
    said.textContent = said.dataset.failed;
  }
  const end = () => stream?.getTracks().forEach((track) => track.stop());
  dialog.addEventListener("close", end, { once: true });
  dialog.querySelector("[data-camera-close]").onclick = () => dialog.close();
  if (!stream) return;
  video.srcObject = stream;
  await video.play();
  const text = await firstCode(video, dialog);
  if (text === null) return;
  dialog.close();
  field.value = text;
  if (field.dataset.noSubmit === undefined) field.form.requestSubmit();
}

async function firstCode(video, dialog) {
  const detector = new BarcodeDetector({ formats: FORMATS });
  while (dialog.open) {
    const found = await detector.detect(video).catch(() => []);
    if (found.length) return found[0].rawValue;
    await new Promise((again) => setTimeout(again, LOOK_EVERY_MS));
  }
  return null;
}
