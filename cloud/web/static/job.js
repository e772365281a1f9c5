/* Work in the background: a bar that moves, and the page again once it has ended. */

const LOOK_MS = 1000;

export function startJobs() {
  for (const element of document.querySelectorAll("[data-job]")) follow(element);
}

async function follow(element) {
  const answer = await fetch(`/v1/jobs/${element.dataset.job}`).catch(() => null);
  if (answer && answer.ok) {
    const job = await answer.json();
    if (job.state === "done" || job.state === "failed") {
      location.reload();
      return;
    }
    const bar = element.querySelector("progress");
    bar.max = job.total || 100;
    if (job.done) bar.value = job.done;
    else bar.removeAttribute("value"); // under way, and nobody knows how far
  }
  setTimeout(() => follow(element), LOOK_MS);
}
