// The matrix

let grid = [];
let place = [0, 0];

function matrix(view) {
  const roomy = view.columns.length <= ROOMY;
  const plays = playHeads(view.columns);
  const head = make("tr", null, make("th", { scope: "col" }, make("span", null, "Host")));
  for (const step of view.columns) {
    const [title, module, play] = steps[step];
    head.append(make("th", { scope: "col", title: [play, title, module].filter(Boolean).join("\n") },
      make("span", null, title)));
  }
  const body = make("tbody");
  grid = view.rows.map((host) => {
    const first = make("th", { scope: "row", "data-host": host, title: hosts[host] }, hosts[host]);
    const row = make("tr", null, first);
    const cells = [first];
    for (const step of view.columns) {
      const number = byHost[host].get(step);
      const cell = document.createElement("td");
      if (number === undefined) {
        cell.className = "none";
      } else {
        const [word, style, symbol] = words[jobs[number][2]];
        cell.className = view.fits(number) ? style : style + " dim";
        cell.textContent = roomy ? word : symbol;
        cell.dataset.job = number;
      }
      row.append(cell);
      cells.push(cell);
    }
    body.append(row);
    return cells;
  });
  place = [0, 0];
  if (grid.length) grid[0][0].tabIndex = 0;
  const style = roomy ? "roomy" : view.columns.length > DENSE ? "tight dense" : "tight";
  const table = make("table", { class: style, "aria-label": "Hosts and tasks" },
    make("thead", null, plays, head), body);
  const none = jobs.length ? "Nothing fits the filter." : "No job is on record.";
  at("grid").replaceChildren(grid.length ? table : make("p", { class: "muted" }, none));
}

// The play above each run of its tasks; nothing where there is only one.
function playHeads(columns) {
  const runs = [];
  for (const step of columns) {
    const play = playOf[step];
    if (runs.length && runs[runs.length - 1][0] === play) runs[runs.length - 1][1] += 1;
    else runs.push([play, 1]);
  }
  if (runs.length < 2) return null;
  const row = make("tr", { class: "plays" }, make("td", null));
  for (const [play, count] of runs) {
    row.append(make("th", { scope: "colgroup", colspan: count, title: play }, make("span", null, play)));
  }
  return row;
}

function go(row, column) {
  if (!grid.length) return;
  grid[place[0]][place[1]].removeAttribute("tabindex");
  place = [Math.max(0, Math.min(grid.length - 1, row)), Math.max(0, Math.min(grid[0].length - 1, column))];
  const cell = grid[place[0]][place[1]];
  say(cell);
  cell.tabIndex = 0;
  cell.focus();
}

function say(cell) {
  if (cell.dataset.job === undefined) return;
  const text = about(Number(cell.dataset.job));
  cell.title = text;
  cell.setAttribute("aria-label", text);
}

function open(cell) {
  if (cell.dataset.host !== undefined) story(Number(cell.dataset.host));
  else if (cell.dataset.job !== undefined) story(jobs[cell.dataset.job][0], Number(cell.dataset.job));
}

const cellOf = (event) => event.target.closest("td, tbody th");

at("grid").addEventListener("click", (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  const row = grid.findIndex((cells) => cells.includes(cell));
  go(row, grid[row].indexOf(cell));
  open(cell);
});
at("grid").addEventListener("mouseover", (event) => {
  const cell = cellOf(event);
  if (cell) say(cell);
});
at("grid").addEventListener("keydown", (event) => {
  const [row, column] = place;
  const moves = {
    ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1], Home: [row, 0], End: [row, Infinity],
    PageUp: [row - 20, column], PageDown: [row + 20, column],
  };
  if (event.ctrlKey || event.altKey || event.metaKey || !cellOf(event)) return;
  if (moves[event.key]) go(...moves[event.key]);
  else if (event.key === "Enter" || event.key === " ") open(grid[row][column]);
  else return;
  event.preventDefault();
});
