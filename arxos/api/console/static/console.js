// What keeps itself up to date waits while somebody is about to act in it, or nobody looks.
document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.target;
  const busy = part.querySelector("details[open]") || part.querySelector(":focus-visible");
  if (part.id === "live" && (busy || document.hidden)) event.preventDefault();
});
// Escape closes what was opened, and leads back to what opened it.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest("details.ask[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
// Keys for whoever would rather type: "/" to the filter, "g" and a letter to a page.
const PAGES = { o: "overview", j: "jobs", d: "dead", q: "queues", w: "workers", s: "schedules", b: "buildings", p: "reports", r: "quarantine", l: "log", n: "sessions" };
let going = false;
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey;
  if (typing) return;
  if (event.key === "/") {
    const field = document.querySelector("#filter") ?? document.querySelector("form.filter :is(input, select)");
    if (field) { event.preventDefault(); field.focus(); }
  } else if (going && PAGES[event.key]) {
    window.location.assign(`/console/${PAGES[event.key]}`);
  }
  going = event.key === "g";
});
