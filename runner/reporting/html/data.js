// All text comes from the JSON block and reaches the page as text nodes only: it is data.

const data = JSON.parse(document.getElementById("data").textContent);
const { hosts, steps, words, jobs, bodies } = data;
const at = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const ROOMY = 8, DENSE = 40; // columns
const ON_A_PAGE = 60; // rows of the timeline, printed
const AT_ONCE = new Set(["skipped", "blocked", "cancelled"]); // nothing was done: no time passed

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// byHost[host][step] is a job's number: a host has one job of a task.
const byHost = hosts.map(() => new Map());
jobs.forEach((job, number) => byHost[job[0]].set(job[1], number));

// The play of each task; one that a task brought along belongs to the play before it.
const playOf = [];
steps.forEach((step, number) => playOf.push(step[2] || playOf[number - 1] || ""));

function seconds(milliseconds) {
  const s = milliseconds / 1000;
  if (s < 10) return s.toFixed(1) + "s";
  if (s < 60) return Math.floor(s) + "s";
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  return s < 3600 ? Math.floor(s / 60) + "m" + two(s % 60) + "s"
    : Math.floor(s / 3600) + "h" + two((s % 3600) / 60) + "m";
}

function about(number) {
  const [host, step, word, , length] = jobs[number];
  return hosts[host] + " · " + steps[step][0] + " · " + words[word][0] +
    (length ? " · " + seconds(length) : "");
}

// Filters

const wanted = { host: "", task: "", words: new Set() };
const holds = (text, part) => text.toLowerCase().includes(part);

function chosen() {
  const columns = [];
  steps.forEach((step, number) => {
    if (holds(step.join(" "), wanted.task)) columns.push(number);
  });
  const fits = (number) => !wanted.words.size || wanted.words.has(jobs[number][2]);
  const rows = [];
  const used = new Set();
  let count = 0;
  byHost.forEach((of, host) => {
    if (!holds(hosts[host], wanted.host)) return;
    let any = false;
    for (const step of columns) {
      const number = of.get(step);
      if (number === undefined || !fits(number)) continue;
      any = true;
      used.add(step);
      count += 1;
    }
    if (any) rows.push(host);
  });
  return { rows, columns: columns.filter((step) => used.has(step)), fits, count };
}

function statusButtons() {
  const counts = new Map();
  for (const job of jobs) counts.set(job[2], (counts.get(job[2]) || 0) + 1);
  words.forEach(([word, style, symbol], number) => {
    if (!counts.has(number)) return;
    const button = make("button", { type: "button", class: style, "aria-pressed": "false" },
      symbol + " " + word + " " + counts.get(number).toLocaleString("en"));
    button.addEventListener("click", () => {
      const on = !wanted.words.delete(number);
      if (on) wanted.words.add(number);
      button.setAttribute("aria-pressed", String(on));
      show();
    });
    at("by-status").append(button);
  });
}
