// A host's story

function story(host, opened) {
  const dialog = at("story");
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const head = make("div", { class: "head" }, make("h2", { id: "story-name" }, make("bdi", null, hosts[host])),
    make("span", { class: "muted" }, byHost[host].size + " jobs"), close);
  const parts = [];
  let target = null;
  for (const number of [...byHost[host].values()].sort((a, b) => a - b)) {
    const part = jobStory(number, number === opened);
    if (number === opened) target = part;
    parts.push(part);
  }
  dialog.replaceChildren(head, ...parts);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  if (target) {
    target.scrollIntoView({ block: "start" });
    target.firstChild.focus({ preventScroll: true });
  }
}

at("story").addEventListener("click", (event) => {
  if (event.target === at("story")) at("story").close();
});

function jobStory(number, opened) {
  const [, step, word, start, length, body] = jobs[number];
  const [text, style] = words[word];
  const found = bodies[body];
  const when = [start < 0 ? "" : "at +" + seconds(start), length ? "took " + seconds(length) : ""];
  const summary = make("summary", null,
    make("span", null, make("span", { class: "badge " + style }, text)),
    make("span", null, make("bdi", null, steps[step][0]),
      make("span", { class: "about" }, brief(found))),
    make("span", { class: "muted" }, when.filter(Boolean).join(", ")));
  const whole = make("details", { class: "job " + style }, summary);
  const fill = () => {
    if (whole.childElementCount === 1) whole.append(evidence(found, "body"));
  };
  whole.addEventListener("toggle", fill);
  if (opened) {
    fill();
    whole.open = true;
  }
  return whole;
}

function brief(found) {
  const fields = (found.changes || []).map((change) =>
    change.lines ? change.field : change.field + " " + change.before + " → " + change.after);
  return [found.subject, fields.join("; "), found.message].filter(Boolean).join(": ");
}

function evidence(found, style) {
  const box = make("div", { class: style });
  const add = (title, ...content) => box.append(make("h4", null, title), ...content);
  if (found.message) add("Said", make("p", null, found.message));
  if (found.ignored) add("Ignored", make("p", null, "The playbook says to go on all the same."));
  if (found.advice) add("What to do", make("p", null, found.advice));
  if (found.subject) add("Subject", make("p", null, found.subject));
  if (found.changes) add("Before → after", changes(found.changes));
  if (found.final) add("Cannot be taken back", make("p", null, found.final));
  for (const warning of found.warnings || []) add("Warning", make("p", null, warning));
  if (found.commands) add("Commands", ...found.commands.map((command) => make("pre", null, command)));
  if (found.output) add("Registered output", make("pre", null, found.output.join("\n")));
  if (found.left_out) add("Output", make("p", null, "Left out, to keep this page small: runner show has it."));
  for (const item of found.items || []) {
    const [text, kind] = words[item.word];
    box.append(make("div", { class: "item " + kind },
      make("span", { class: "badge " + kind }, text), " ", make("bdi", null, item.item), evidence(item, "inner")));
  }
  if (found.more_items) box.append(make("p", { class: "muted" }, found.more_items + " more items"));
  if (!box.childElementCount) box.append(make("p", { class: "muted" }, "Nothing more is on record."));
  return box;
}

function changes(list) {
  const body = make("tbody");
  for (const change of list) {
    const row = make("tr", null, make("th", { scope: "row" }, change.field));
    if (change.lines) {
      const diff = make("pre", { class: "diff" });
      for (const [mark, text] of change.lines) {
        const kind = mark === "+" ? "added" : mark === "-" ? "removed" : "same";
        diff.append(make("span", { class: kind }, mark + text + "\n"));
      }
      row.append(make("td", null, diff));
    } else {
      row.append(make("td", null, make("bdi", { class: "before" }, change.before),
        make("span", { class: "muted" }, " → "), make("bdi", { class: "after" }, change.after)));
    }
    body.append(row);
  }
  return make("table", { class: "fields" }, body);
}
