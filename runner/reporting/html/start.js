// All together

function show() {
  const view = chosen();
  matrix(view);
  timeline(view);
  const many = (count, noun) => count.toLocaleString("en") + " " + noun + (count === 1 ? "" : "s");
  at("shown").textContent = many(view.rows.length, "host") + ", " + many(view.columns.length, "task") +
    ", " + many(view.count, "job");
}

let pending = 0;
function soon() {
  wanted.host = at("by-host").value.trim().toLowerCase();
  wanted.task = at("by-task").value.trim().toLowerCase();
  clearTimeout(pending);
  pending = setTimeout(show, 120);
}
at("by-host").addEventListener("input", soon);
at("by-task").addEventListener("input", soon);
at("filters").addEventListener("submit", (event) => event.preventDefault());
at("reset").addEventListener("click", () => {
  at("by-host").value = at("by-task").value = "";
  wanted.words.clear();
  for (const button of at("by-status").querySelectorAll("button")) button.setAttribute("aria-pressed", "false");
  soon();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, dialog") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  at("by-host").focus();
});

at("filters").hidden = at("keys").hidden = false;
statusButtons();
show();
