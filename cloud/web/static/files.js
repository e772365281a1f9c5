/* A file that is larger than the server takes is refused before it is sent: half of it would travel in vain. */

export function startFiles() {
  for (const input of document.querySelectorAll("input[data-bytes-max]")) {
    input.addEventListener("change", () => {
      const [file] = input.files;
      const isTooLarge = file && file.size > Number(input.dataset.bytesMax);
      input.setCustomValidity(isTooLarge ? input.dataset.tooLarge : "");
      if (isTooLarge) input.reportValidity();
    });
  }
}
