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
