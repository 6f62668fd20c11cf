// The timeline

function timeline(view) {
  const inside = jobs.filter((job) => job[3] >= 0);
  at("timeline").hidden = !inside.length;
  if (!inside.length) return;
  const end = inside.reduce((most, job) => Math.max(most, job[3] + job[4]), 1);
  const wide = 1400, left = 150, high = view.rows.length <= 40 ? 20 : 13;
  const scale = (wide - left - 12) / end;
  const begun = playStarts(view, scale, left, wide);
  const top = 22 + 13 * begun.lanes;
  const pages = [];
  for (let from = 0; from < view.rows.length; from += ON_A_PAGE) {
    pages.push(bars(view, view.rows.slice(from, from + ON_A_PAGE), { end, wide, left, high, top, scale, begun }));
  }
  at("gantt").replaceChildren(legend(view), ...pages);
}

function isDrawn(view, job) {
  const [, step, word, start] = jobs[job];
  return start >= 0 && !AT_ONCE.has(words[word][0]) && view.fits(job) && view.columns.includes(step);
}

function legend(view) {
  const used = new Set();
  for (const host of view.rows) {
    for (const job of byHost[host].values()) if (isDrawn(view, job)) used.add(jobs[job][2]);
  }
  const line = make("p", { class: "legend" });
  for (const word of [...used].sort((one, other) => one - other)) {
    line.append(make("span", { class: words[word][1] }, make("i", { "aria-hidden": "true" }), words[word][0]));
  }
  return line;
}

// When each play began, with a lane above the bars for its name: none that would cover another.
function playStarts(view, scale, left, wide) {
  const first = new Map();
  for (const host of view.rows) {
    for (const job of byHost[host].values()) {
      if (!isDrawn(view, job)) continue;
      const play = playOf[jobs[job][1]];
      first.set(play, Math.min(first.has(play) ? first.get(play) : Infinity, jobs[job][3]));
    }
  }
  if (first.size < 2) return { lanes: 0, plays: [] };
  const ends = [];
  const plays = [...first].sort((one, other) => one[1] - other[1]).map(([play, start]) => {
    const x = left + start * scale, room = 10 + 6.2 * play.length;
    let lane = ends.findIndex((end) => end <= x);
    if (lane < 0) lane = ends.length;
    ends[lane] = x + room;
    return { play, x, lane, before: x + room > wide };
  });
  return { lanes: ends.length, plays };
}

function bars(view, rows, { end, wide, left, high, top, scale, begun }) {
  const svg = draw("svg", {
    viewBox: "0 0 " + wide + " " + (top + high * rows.length + 6), role: "img",
    "aria-label": "When each host was worked on; the stories of the hosts have the same times",
  });
  rules(svg, end, scale, left, top, high * rows.length);
  for (const { play, x, lane, before } of begun.plays) {
    svg.append(draw("line", { class: "play", x1: x, x2: x, y1: 16 + 13 * lane, y2: top + high * rows.length }));
    svg.append(draw("text", { class: "play", x: before ? x - 3 : x + 3, y: 26 + 13 * lane,
      "text-anchor": before ? "end" : "start" }, play));
  }
  rows.forEach((host, number) => {
    const y = top + number * high;
    const row = draw("g", { class: "row", "data-host": host });
    row.append(draw("rect", { class: "ground", x: 0, y, width: wide, height: high }));
    const name = hosts[host].length > 22 ? hosts[host].slice(0, 21) + "…" : hosts[host];
    row.append(draw("text", { x: left - 8, y: y + high / 2 + 4, "text-anchor": "end" }, name));
    const shapes = new Map();
    for (const job of byHost[host].values()) {
      const [, , word, start, length] = jobs[job];
      if (!isDrawn(view, job)) continue;
      const x = (left + start * scale).toFixed(1);
      const width = Math.max(1.5, length * scale - 0.5).toFixed(1);
      shapes.set(word, (shapes.get(word) || "") +
        "M" + x + " " + (y + 2) + "h" + width + "v" + (high - 4) + "h-" + width + "z");
    }
    for (const [word, d] of shapes) row.append(draw("path", { class: words[word][1], d }));
    svg.append(row);
  });
  svg.addEventListener("mousemove", (event) => under(event, svg, left, scale, wide));
  svg.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) story(Number(row.dataset.host), pointed(event, svg, left, scale, wide));
  });
  return svg;
}

function rules(svg, end, scale, left, top, height) {
  const steps = [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 12e5, 18e5, 36e5, 72e5, 144e5];
  const step = steps.find((each) => end / each <= 12) || Math.ceil(end / 12);
  for (let time = 0; time <= end; time += step) {
    const x = left + time * scale;
    svg.append(draw("line", { class: "rule", x1: x, x2: x, y1: top - 4, y2: top + height }));
    svg.append(draw("text", { x: x + 3, y: 12 }, "+" + seconds(time)));
  }
}

function pointed(event, svg, left, scale, wide) {
  const row = event.target.closest(".row");
  if (!row) return undefined;
  const box = svg.getBoundingClientRect();
  const time = ((event.clientX - box.left) * (wide / box.width) - left) / scale;
  const slack = 2 / scale;
  const hits = [...byHost[Number(row.dataset.host)].values()].filter((job) =>
    jobs[job][3] >= 0 && jobs[job][3] - slack <= time && time <= jobs[job][3] + jobs[job][4] + slack);
  return hits[hits.length - 1];
}

function under(event, svg, left, scale, wide) {
  const job = pointed(event, svg, left, scale, wide);
  if (job !== undefined) at("under").textContent = about(job) + " · began at +" + seconds(jobs[job][3]);
}
